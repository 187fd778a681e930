import { startS3 } from '../../infra/local/s3/server.ts'

/** The stand-in in a process of its own, to be killed: prints its URL. */
const s3 = await startS3({
  directory: process.argv[2]!,
  access: {
    credential: () => ({ secretAccessKey: 'secret', principal: 'Tester' }),
    authorize: () => ({ allowed: true }),
  },
})
s3.createBucket('vault', { objectLock: true })
console.log(s3.url)
