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

const plainly = (path: string) => fetch(cloud.url + path, { headers: { 'accept-encoding': 'identity' } })

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

    const s3 = provider()
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: cloud.bucket }))
    expect(Versions).toHaveLength(8)
    for (const { Key, VersionId } of Versions)
      await expect(s3.send(new DeleteObjectCommand({ Bucket: cloud.bucket, Key, VersionId }))).rejects.toMatchObject({
        name: 'AccessDenied',
      })
  })

  it('serve the restore page, which a browser lets fetch from the vault', async () => {
    const agent = await enrolAgent(receiver, 'browsed')
    const source = await registerSource(agent)
    const { snapshot, parts } = await backUp(agent, source, 'full', [fullEntry('a', 10, '2026-11-22T14:00:00Z')])
    const { id } = ok(await agent.call('POST', '/v1/restore-manifests', { source }))
    const packs = [{ snapshot, pack: 1 }]
    const { urls } = ok(await agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs }))
    const vault = new URL(urls[0].url).origin

    const page = await fetch(`${cloud.url}/r`)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-encoding')).toMatch(/^(br|gzip)$/)
    expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ${vault};`)
    const html = await page.text()
    expect(html).toMatch(/^<!doctype html>/)
    const named = [...html.matchAll(/"(\/r\/[^"]+)"/g)].map(([, path]) => path!)
    expect(named.length).toBeGreaterThanOrEqual(3)
    const console = await fetch(`${cloud.url}/console`)
    expect([console.status, console.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(console.headers.get('content-security-policy')).toContain("connect-src 'self';")
    const ofConsole = [...(await console.text()).matchAll(/"(\/r\/[^"]+)"/g)].map(([, path]) => path!)
    expect(ofConsole.length).toBeGreaterThanOrEqual(2)
    for (const path of [...named, ...ofConsole, '/r/saving.js']) {
      const file = await fetch(cloud.url + path)
      expect(file.status, path).toBe(200)
      expect(file.headers.get('content-type'), path).toMatch(/^text\/(javascript|css); charset=utf-8$/)
      expect((await file.text()).length, path).toBe(Number((await plainly(path)).headers.get('content-length')))
    }
    expect((await fetch(`${cloud.url}/r/names.json`)).status).toBe(404)

    // as a browser asks before it sends a range, and what it must be allowed to read of the answer
    const origin = cloud.url
    const asked = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'range' }
    const preflight = await fetch(urls[0].url, { method: 'OPTIONS', headers: { origin, ...asked } })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([200, origin])
    expect(preflight.headers.get('access-control-allow-headers')).toBe('range')
    const answer = await fetch(urls[0].url, { headers: { origin, range: 'bytes=10-99' } })
    expect(answer.status).toBe(206)
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.concat(parts).subarray(10, 100))).toBe(true)
    expect(answer.headers.get('content-range')).toMatch(/^bytes 10-99\/\d+$/)
    const refused = await fetch(urls[0].url.replace(/Signature=..../, 'Signature=0000'), { headers: { origin } })
    expect(refused.status).toBe(403)
    await refused.text()
    for (const { headers } of [answer, refused]) {
      expect(headers.get('access-control-allow-origin')).toBe(origin)
      expect(headers.get('access-control-expose-headers')).toContain('content-range')
    }
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
