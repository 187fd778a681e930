import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { Failure, messageOf } from '../../shared/failure.ts'
import { type Cloud, startCloud } from './cloud.ts'
import { externalFrom } from './external.ts'

const port = (text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return number
}

const options = new Command('npm run local --')
  .description('Runs the receiver on this machine: the embedded cloud, on 127.0.0.1 alone.')
  .option('--directory <dir>', 'keeps everything; the same directory is the same cloud', '.failsafe-local')
  .option('--port <number>', 'of the receiver; 0: the one it had before, or a free one', port, 0)
  .option('--assembly <dir>', 'a cloud assembly (cdk.out) to run instead of the working tree')
  .parse()
  .opts<{ directory: string; port: number; assembly?: string }>()

try {
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const cloud = await startCloud({ ...options, external: externalFrom(process.env) })
  console.log(describe(cloud, resolve(options.directory)))
  await stopped
  await cloud.close()
} catch (error) {
  console.error(error instanceof Failure ? error.line : messageOf(error))
  if (process.env.FAILSAFE_DEBUG === '1') console.error(error)
  process.exitCode = 1
}

function describe(cloud: Cloud, directory: string): string {
  return [
    'The embedded cloud is running on this machine.',
    '',
    `  receiver           ${cloud.url}`,
    `  S3                 ${cloud.s3Url}  (bucket ${cloud.bucket})`,
    `  DynamoDB           ${cloud.dynamodbUrl}  (table ${cloud.table})`,
    `  admin credentials  ${join(directory, 'admin.json')}`,
    `  logs               ${cloud.logs}`,
    `  outbox             ${cloud.outboxDirectory}  (notices, one file each)`,
    '',
    'Next: npm run admin -- tenant create <tenant>. Stop it with Ctrl+C; everything is kept.',
  ].join('\n')
}
