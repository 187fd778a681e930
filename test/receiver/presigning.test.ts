import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findPack } from '../../lambdas/catalogue/packs.ts'
import { commitVault } from '../../lambdas/commit/commit-vault.ts'
import { packKey } from '../../lambdas/vault/keys.ts'
import { newUlid } from '../../shared/ids.ts'
import {
  backUp,
  commit,
  enrolAgent,
  fullEntry,
  open,
  putPart,
  registerSource,
  type Staged,
  stage,
  type TestAgent,
  upload,
  windowOf,
} from './agent.ts'
import { bucket, credentials, ok, sha256, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
let staged: Staged
const at = new Date().toISOString()
beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
beforeEach(async () => {
  staged = await stage(agent, await open(agent, await registerSource(agent, newUlid())), [fullEntry('a', 1, at)])
})
afterEach(() => {
  receiver.seams.intercept = undefined
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const ask = (parts: object[]) =>
  agent.call('POST', `/v1/snapshots/${staged.snapshot}/parts`, { lease: staged.lease, parts })
const signOne = async () =>
  ok(await ask(windowOf(staged.parts))).urls[0] as { url: string; headers: Record<string, string> }
const complete = () =>
  agent.call('POST', `/v1/snapshots/${staged.snapshot}/packs/1/complete`, {
    lease: staged.lease,
    pack: staged.manifest.packs[0],
  })
const place = () => ({ tenant: agent.tenant, snapshot: staged.snapshot })

describe('presigning', () => {
  it('rule 1: no URL carries a checksum that the SDK made of an empty body', async () => {
    const { url, headers } = await signOne()
    expect(url.toLowerCase()).not.toContain('crc')
    expect(url.toLowerCase()).not.toContain('sdk-checksum')
    expect((await putPart(url, headers, staged.parts[0]!)).status).toBe(200)
  })

  it('rule 2: the SHA-256 is a signed header, so that no other bytes are taken', async () => {
    const { url, headers } = await signOne()
    const query = new URL(url).searchParams
    expect(query.get('X-Amz-SignedHeaders')!.split(';')).toContain('x-amz-checksum-sha256')
    expect([...query.keys()].map(name => name.toLowerCase())).not.toContain('x-amz-checksum-sha256')
    const other = randomBytes(staged.parts[0]!.length)
    expect((await putPart(url, headers, other)).status).toBe(400)
    expect((await putPart(url, { ...headers, 'x-amz-checksum-sha256': sha256(other) }, other)).status).toBe(403)
    expect((await putPart(url, {}, other)).status).toBe(403)
  })

  it('rule 3: the length is signed, and no lock header is', async () => {
    const { url, headers } = await signOne()
    const part = staged.parts[0]!
    expect(headers['content-length']).toBe(String(part.length))
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')!.split(';')).toContain('content-length')
    expect(url.toLowerCase()).not.toContain('object-lock')
    for (const body of [part.subarray(1), Buffer.concat([part, part])])
      expect((await putPart(url, headers, body)).status).toBe(403)
  })

  it('rule 4: a URL lives 15 minutes, a window has 64 parts at most, and what expired is signed again', async () => {
    const first = await signOne()
    expect(new URL(first.url).searchParams.get('X-Amz-Expires')).toBe('900')
    expect((await signOne()).url).toContain(new URL(first.url).searchParams.get('uploadId')!)
    const part = (n: number) => ({ pack: 1, number: n, size: 16 * 1024 ** 2, sha256: sha256(`${n}`) })
    const window = (length: number) => Array.from({ length }, (_, i) => part(i + 1))
    expect(ok(await ask(window(64))).urls).toHaveLength(64)
    expect((await ask(window(65))).body.code).toBe('invalid-request')
  })

  it('rule 5: a pack is completed once, conditionally, by one request at a time', async () => {
    await upload(agent, staged)
    const completions: string[] = []
    receiver.seams.intercept = request => {
      if (request.method === 'POST' && request.url!.includes('uploadId='))
        completions.push(String(request.headers['if-none-match']))
      return undefined
    }
    const answers = await Promise.all([1, 2, 3, 4].map(complete))
    for (const { status, body } of answers) if (status !== 200) expect(body.code).toBe('throttled')
    expect(ok(await complete()).state).toBe('complete')
    expect(completions).toEqual(['*'])
  })

  it('rule 5: an upload that is gone is a success when the very pack lies there', async () => {
    await upload(agent, staged)
    const vault = commitVault(bucket, {
      endpoint: receiver.s3Url,
      region: 'us-east-1',
      credentials,
      forcePathStyle: true,
    })
    const key = packKey(place(), 1)
    const { uploadId } = (await findPack(receiver.ports.catalogue, staged.snapshot, 1))!
    const parts = (await vault.listParts(key, uploadId))!
    const versionId = await vault.completeUpload({ key, uploadId, parts })
    expect(await vault.completeUpload({ key, uploadId, parts })).toBeUndefined()
    expect(ok(await complete()).state).toBe('complete')
    expect((await findPack(receiver.ports.catalogue, staged.snapshot, 1))!.versionId).toBe(versionId)
    expect(ok(await commit(agent, staged)).state).toBe('committed')
  })

  it('rule 5: a 200 with an error in its body is an error, and every part is named with ETag and SHA-256', async () => {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      let text = ''
      request.on('data', chunk => {
        text += chunk
      })
      request.on('end', () => {
        bodies.push(text)
        response.writeHead(200, { 'content-type': 'application/xml' })
        response.end('<?xml version="1.0"?><Error><Code>InternalError</Code><Message>try again</Message></Error>')
      })
    }).listen(0, '127.0.0.1')
    try {
      await new Promise(resolve => server.once('listening', resolve))
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const vault = commitVault(bucket, {
        endpoint,
        region: 'us-east-1',
        credentials,
        forcePathStyle: true,
        maxAttempts: 1,
      })
      const parts = [1, 2].map(number => ({ number, size: 5, etag: `"e${number}"`, sha256: sha256(`${number}`) }))
      await expect(vault.completeUpload({ key: 'k', uploadId: 'u', parts })).rejects.toThrow(/InternalError|try again/)
      for (const { etag, sha256 } of parts) {
        expect(bodies[0]!.replaceAll('&quot;', '"')).toContain(`<ETag>${etag}</ETag>`)
        expect(bodies[0]).toContain(`<ChecksumSHA256>${sha256}</ChecksumSHA256>`)
      }
    } finally {
      server.close()
    }
  })

  it('rule 6: what was committed is read by its version, whatever is put in its place later', async () => {
    const done = await backUp(agent, await registerSource(agent, newUlid()), 'full', [fullEntry('a', 1, at)])
    const key = packKey({ tenant: agent.tenant, snapshot: done.snapshot }, 1)
    await receiver.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'other bytes' }))
    const { id } = ok(await agent.call('POST', '/v1/restore-manifests', { source: done.snapshot.slice(0, 26) }))
    const packs = [{ snapshot: done.snapshot, pack: 1 }]
    const { urls } = ok(await agent.call('POST', `/v1/restore-manifests/${id}/urls`, { packs }))
    expect(new URL(urls[0].url).searchParams.get('versionId')).toBe(
      (await findPack(receiver.ports.catalogue, done.snapshot, 1))!.versionId,
    )
    const response = await fetch(urls[0].url, { headers: { range: 'bytes=0-99' } })
    expect(Buffer.from(await response.arrayBuffer()).equals(done.parts[0]!.subarray(0, 100))).toBe(true)
    const { DeleteMarkers = [] } = await receiver.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    expect(DeleteMarkers).toEqual([])
  })
})

describe('a window of parts', () => {
  const size = 16 * 1024 ** 2
  const part = (pack: number, number: number, bytes = size) => ({
    pack,
    number,
    size: bytes,
    sha256: sha256(`${pack}/${number}`),
  })

  it('begins the upload of every pack in it, once', async () => {
    const window = [part(1, 1), part(2, 1), part(2, 2, 5), part(7, 3)]
    const answers = await Promise.all([ask(window), ask(window)])
    const uploads = answers.map(answer =>
      ok(answer).urls.map(({ url }: { url: string }) => new URL(url).searchParams.get('uploadId')),
    )
    expect(uploads[0]).toEqual(uploads[1])
    expect(new Set(uploads[0]).size).toBe(3)
  })

  it('may have a smaller part only as the last of its pack, none that is too large, and none twice', async () => {
    expect((await ask([part(1, 1, 5), part(1, 2)])).body.detail).toMatch(/only the last part/)
    expect((await ask([part(1, 2), part(1, 1, 5)])).body.detail).toMatch(/only the last part/)
    expect((await ask([part(1, 1, size + 1)])).body.detail).toMatch(/part 1 of pack 1/)
    expect((await ask([part(1, 1), part(1, 1)])).body.detail).toMatch(/twice/)
    expect((await ask([part(1, 1001)])).body.code).toBe('invalid-request')
  })

  it('shows in what S3 has, so that a restarted agent sends only the rest', async () => {
    const list = async (n: number) =>
      ok(await agent.call('GET', `/v1/snapshots/${staged.snapshot}/packs/${n}/parts?lease=${staged.lease}`))
    expect(await list(1)).toEqual({ state: 'none', parts: [] })
    const { url, headers } = await signOne()
    expect(await list(1)).toEqual({ state: 'open', parts: [] })
    await putPart(url, headers, staged.parts[0]!)
    const { size: bytes, sha256: hash } = windowOf(staged.parts)[0]!
    expect(await list(1)).toEqual({ state: 'open', parts: [{ number: 1, size: bytes, sha256: hash }] })
  })

  it('is refused for a pack that is complete: its leftover URLs are dead', async () => {
    const { url, headers } = await signOne()
    await putPart(url, headers, staged.parts[0]!)
    ok(await complete())
    expect((await putPart(url, headers, staged.parts[0]!)).status).toBe(404)
    expect((await ask(windowOf(staged.parts))).body).toMatchObject({ code: 'snapshot-state', state: 'complete' })
  })
})
