import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { backUp, commit, enrolAgent, fullEntry, logEntry, open, registerSource, stage, upload } from './agent.ts'
import { reach } from './reach.ts'
import { ok, type Reachable, requestOf } from './support.ts'

let cloud: TestCloud
let receiver: Reachable
beforeAll(async () => {
  cloud = await startTestCloud()
  receiver = await reach(cloud)
})
afterAll(() => cloud?.close())

function provider(): S3Client {
  const { accessKeyId, secretAccessKey } = cloud.admin
  return new S3Client({
    endpoint: cloud.s3Url,
    region: cloud.region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
}

describe('the functions with the roles of the stack', () => {
  it('back up, lock and give back, with no right that is missing', async () => {
    const agent = await enrolAgent(receiver, 'acme')
    const source = await registerSource(agent, 'büro shop')
    const [from, to] = ['2026-11-22T14:00:00Z', '2026-11-22T14:10:00Z']
    const full = await backUp(agent, source, 'full', [fullEntry('a', 10, from)])
    const log = await backUp(agent, source, 'log', [logEntry('a', 10, 20, from, to)])

    const { url } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 600, passcode: 'open sesame' }))
    expect(url).toMatch(new RegExp(`^${cloud.url}/r#`))
    const headers = { authorization: `Bearer ${url.split('#')[1]}`, 'x-failsafe-passcode': 'open sesame' }
    const request = requestOf('POST', '/v1/restore-manifests', { source, at: to }, headers)
    const { id, snapshots } = ok(await receiver.send(request))
    expect(snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)).toEqual([full.snapshot, log.snapshot])
    const packs = [full, log].map(({ snapshot }) => ({ snapshot, pack: 1 }))
    const { urls } = ok(await receiver.send(requestOf('POST', `/v1/restore-manifests/${id}/urls`, { packs }, headers)))
    for (const [i, { parts }] of [full, log].entries()) {
      const bytes = Buffer.from(await (await fetch(urls[i].url)).arrayBuffer())
      expect(bytes.equals(Buffer.concat(parts))).toBe(true)
    }
    const page = await receiver.send(requestOf('GET', '/r'))
    expect(page.headers.get('content-type')).toMatch('text/html')

    const s3 = provider()
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: cloud.bucket }))
    expect(Versions).toHaveLength(8)
    for (const { Key, VersionId } of Versions)
      await expect(s3.send(new DeleteObjectCommand({ Bucket: cloud.bucket, Key, VersionId }))).rejects.toMatchObject({
        name: 'AccessDenied',
      })
  })

  it('say of an upload that was aborted that it is gone, though they may not list the vault', async () => {
    const agent = await enrolAgent(receiver, 'aborted')
    const source = await registerSource(agent)
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 10, '2026-11-22T14:00:00Z')])
    await upload(agent, staged)
    const s3 = provider()
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: cloud.bucket }))
    const { Key, UploadId } = Uploads.find(each => each.Key?.includes(source))!
    await s3.send(new AbortMultipartUploadCommand({ Bucket: cloud.bucket, Key, UploadId }))
    expect((await commit(agent, staged)).body).toMatchObject({ code: 'pack-mismatch', pack: 1 })
    expect((await open(agent, source)).snapshot).not.toBe(staged.snapshot)
  })

  it('answer the provider only with an AWS signature', async () => {
    expect(ok(await receiver.admin('GET', '/v1/admin/tenants')).tenants).toContainEqual(
      expect.objectContaining({ tenant: 'acme' }),
    )
    const response = await fetch(`${cloud.url}/v1/admin/tenants`)
    expect(response.status).toBe(403)
  })
})
