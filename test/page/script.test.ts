import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { restoreScript } from '../../lambdas/restore-page/app/bundle/script.ts'
import type { BundledSnapshot } from '../../lambdas/restore-page/app/bundle/snapshots.ts'
import { sealWithPrograms } from '../sealed/support.ts'
import { run } from '../support/run.ts'

/** A receiver and a vault in one: packs by the paths that their signed addresses have. */
const packs = new Map<string, Buffer>()
const secret = 'c2VjcmV0LW9mLWEtbGluay1mb3ItdGhlLXRlc3Q'
let server: Server
let origin: string
let asked: { headers: Record<string, unknown>; url: string }[]
/** Bytes after which the vault cuts a connection; null for never. */
let cutAfter: number | null
let directory: string
let kit: string
let recipient: string

beforeAll(async () => {
  const identity = await generateX25519Identity()
  recipient = await identityToRecipient(identity)
  directory = await mkdtemp(join(tmpdir(), 'failsafe-script-'))
  kit = join(directory, 'recovery-kit.txt')
  await writeFile(kit, `# recovery kit\n${identity}\n`)
  server = createServer((request, response) => {
    asked.push({ headers: request.headers, url: request.url! })
    if (request.method === 'POST') {
      if (request.headers.authorization !== `Bearer ${secret}` || request.headers['x-failsafe-passcode'] === 'wrong') {
        response.writeHead(403, { 'content-type': 'application/problem+json' }).end('{"code":"link-invalid"}')
        return
      }
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        const [wanted] = JSON.parse(Buffer.concat(chunks).toString()).packs
        const url = `${origin}/vault/${wanted.snapshot}/${wanted.pack}?X-Amz-Signature=abc&x=1`
        response.end(JSON.stringify({ urls: [{ ...wanted, url }], expiresAt: new Date().toISOString() }))
      })
      return
    }
    const pack = packs.get(request.url!.split('?')[0]!.slice('/vault/'.length))!
    const start = Number(request.headers.range?.match(/bytes=(\d+)-/)?.[1] ?? 0)
    const body = pack.subarray(start)
    const ranged = request.headers.range !== undefined
    response.writeHead(ranged ? 206 : 200, {
      'content-length': body.length,
      ...(ranged ? { 'content-range': `bytes ${start}-${pack.length - 1}/${pack.length}` } : {}),
    })
    if (cutAfter === null || body.length <= cutAfter) response.end(body)
    else response.write(body.subarray(0, cutAfter), () => response.destroy())
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await rm(directory, { recursive: true })
})
beforeEach(() => {
  asked = []
  cutAfter = null
  packs.clear()
})

const hash = (plain: Buffer) => createHash('sha256').update(plain).digest('base64')
const snapshotId = (n: number) => `01K9AAAAAAAAAAAAAAAAAAAAAA.01K9BBBBBBBBBBBBBBBBBBBBB${n}`

/** A snapshot whose artefacts lie in two packs, the second cut into two extents. */
async function backUp(
  n: number,
  kind: BundledSnapshot['kind'],
  files: Record<string, Buffer>,
): Promise<BundledSnapshot> {
  const content: [Buffer[], Buffer[]] = [[Buffer.from('units')], []]
  const put = (pack: 0 | 1, bytes: Buffer) => {
    const offset = content[pack].reduce((sum, { length }) => sum + length, 0)
    content[pack].push(bytes)
    return { pack: pack + 1, offset, length: bytes.length }
  }
  const lines: string[] = []
  for (const [i, [name, plain]] of Object.entries(files).entries()) {
    const bytes = await sealWithPrograms(plain, [recipient])
    const half = Math.floor(bytes.length / 2)
    const extents = i % 2 === 0 ? [put(0, bytes)] : [put(0, bytes.subarray(0, half)), put(1, bytes.subarray(half))]
    const line = {
      name,
      role: 'data',
      unit: 'a "unit"',
      size: plain.length,
      sealedSize: bytes.length,
      sha256: hash(plain),
      extents,
      attributes: { name: 'other', extents: '"extents":[{"pack":9,"offset":0,"length":1}]' },
    }
    lines.push(`${JSON.stringify(line)}\n`)
  }
  const index = Buffer.from(lines.join(''))
  const extent = put(1, await sealWithPrograms(index, [recipient]))
  const snapshot = snapshotId(n)
  for (const [i, parts] of content.entries()) packs.set(`${snapshot}/${i + 1}`, Buffer.concat(parts))
  return {
    snapshot,
    kind,
    packs: content.map((parts, i) => ({ n: i + 1, size: Buffer.concat(parts).length })),
    index: { extents: [extent], size: index.length, sha256: hash(index) },
    sourceBytes: 0,
    signed: '',
  }
}

async function restore(snapshots: BundledSnapshot[], env: Record<string, string> = {}, passcode = false) {
  const place = await mkdtemp(join(directory, 'run-'))
  const script = join(place, 'restore.sh')
  await writeFile(script, restoreScript(origin, 'M-01K9', snapshots, passcode))
  const again = () =>
    run('sh', [script, kit, join(place, 'out')], {
      env: { FAILSAFE_LINK: `${origin}/r#${secret}`, FAILSAFE_WAIT: '0', FAILSAFE_TRIES: '3', ...env },
    })
  return { place, out: join(place, 'out'), again, ...(await again()) }
}

const large = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251))

describe('the script of an offline bundle', () => {
  it('restores a full and a log with curl, age, zstd and sha256sum alone', async () => {
    const files = {
      'server/accounts.sql': Buffer.from('one'),
      ' größe und mehr.sql': large,
      'shop.orders.00000.sql': Buffer.alloc(0),
    }
    const { out, code, stderr } = await restore([
      await backUp(1, 'full', files),
      await backUp(2, 'log', { 'binlog.000007': Buffer.from('log') }),
    ])
    expect(code, stderr).toBe(0)
    for (const [name, plain] of Object.entries(files))
      expect(await readFile(join(out, '0001-full', name))).toEqual(plain)
    expect(await readFile(join(out, '0002-log/binlog.000007'), 'utf8')).toBe('log')
    expect(existsSync(join(out, '.failsafe-partial'))).toBe(false)
  })

  it('lays a single snapshot out without a folder for it, and asks nothing again of what is there', async () => {
    const { out, again, code } = await restore([await backUp(1, 'full', { 'a.sql': large })])
    expect(code).toBe(0)
    expect(await readFile(join(out, 'a.sql'))).toEqual(large)
    expect((await again()).code).toBe(0)
  })

  it('calls nothing done that a power cut could take', async () => {
    const snapshot = await backUp(1, 'full', { 'a.sql': large, 'b/c.sql': Buffer.from('c') })
    const place = await mkdtemp(join(directory, 'flushed-'))
    const log = join(place, 'log')
    const real = (await run('sh', ['-c', 'command -v sync'])).stdout.trim()
    await mkdir(join(place, 'bin'))
    const watched = `if [ $# -gt 0 ]; then sha256sum < "$1"; else cd ${place}/out && find . -type f; fi >> ${log}`
    await writeFile(join(place, 'bin/sync'), `#!/bin/sh\n(${watched})\nexec ${real} "$@"\n`, { mode: 0o755 })
    await writeFile(join(place, 'restore.sh'), restoreScript(origin, 'M', [snapshot], false))
    const { code, stderr } = await run('sh', [join(place, 'restore.sh'), kit, join(place, 'out')], {
      env: { FAILSAFE_LINK: secret, PATH: `${join(place, 'bin')}:${process.env.PATH}` },
    })
    expect(code, stderr).toBe(0)
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    const sums = [large, Buffer.from('c')].map(plain => createHash('sha256').update(plain).digest('hex'))
    expect(lines.slice(0, 2)).toEqual(sums.map(sum => expect.stringContaining(sum)))
    // All names are there, and nothing says yet that they are.
    expect(lines.slice(2)).toEqual(expect.arrayContaining(['./a.sql', './b/c.sql']))
    expect(lines.join()).not.toContain('.done')
  })

  it('goes on where a connection was cut', async () => {
    cutAfter = 20_000
    const noise = createHash('sha512').update('seed')
    const random = Buffer.concat(Array.from({ length: 2000 }, (_, i) => noise.copy().update(String(i)).digest()))
    const { out, code, stderr } = await restore([await backUp(1, 'full', { 'a.sql': random })])
    expect(code, stderr).toBe(0)
    expect(await readFile(join(out, 'a.sql'))).toEqual(random)
    const starts = asked.flatMap(({ headers }) => headers.range ?? [])
    expect(starts.length).toBeGreaterThan(3)
  })

  it('names what is damaged, and does not lay it out', async () => {
    const snapshot = await backUp(1, 'full', { 'good.sql': Buffer.from('good'), 'bad.sql': large })
    const pack = packs.get(`${snapshot.snapshot}/1`)!
    pack[pack.length - 1]! ^= 1
    const { out, code, stderr } = await restore([snapshot])
    expect(code).toBe(1)
    expect(stderr).toContain('bad.sql')
    expect(stderr).toContain('damaged')
    expect(existsSync(join(out, 'good.sql'))).toBe(true)
    expect(existsSync(join(out, 'bad.sql'))).toBe(false)
  })

  it.each(['../outside.sql', '/absolute.sql', 'a/../../b.sql', 'line\u0001break', 'back\\slash'])(
    'refuses the name %j',
    async name => {
      const { out, code } = await restore([await backUp(1, 'full', { [name]: Buffer.from('x') })])
      expect(code).toBe(1)
      expect(existsSync(join(out, '../outside.sql'))).toBe(false)
    },
  )

  it('overwrites nothing', async () => {
    const snapshot = await backUp(1, 'full', { 'a.sql': Buffer.from('new') })
    const place = await mkdtemp(join(directory, 'kept-'))
    await mkdir(join(place, 'out'))
    await writeFile(join(place, 'out/a.sql'), 'mine')
    await writeFile(join(place, 'restore.sh'), restoreScript(origin, 'M', [snapshot], false))
    const { code, stderr } = await run('sh', [join(place, 'restore.sh'), kit, join(place, 'out')], {
      env: { FAILSAFE_LINK: secret },
    })
    expect(code).toBe(1)
    expect(stderr).toContain('is there already')
    expect(await readFile(join(place, 'out/a.sql'), 'utf8')).toBe('mine')
  })

  it('stops at once where the receiver refuses, and tells what it said', async () => {
    const { code, stderr } = await restore([await backUp(1, 'full', { a: large })], { FAILSAFE_PASSCODE: 'wrong' })
    expect(code).toBe(1)
    expect(stderr).toContain('link-invalid')
    expect(asked).toHaveLength(1)
  })

  it('asks for a passcode where the link wants one, and sends any of them whole', async () => {
    const passcode = 'a "quoted" \\ code'
    const { code } = await restore([await backUp(1, 'full', { a: large })], { FAILSAFE_PASSCODE: passcode }, true)
    expect(code).toBe(0)
    expect(asked[0]!.headers['x-failsafe-passcode']).toBe(passcode)
  })

  it('has the secret of the link in no address', async () => {
    await restore([await backUp(1, 'full', { a: large })])
    expect(asked.every(({ url }) => !url.includes(secret))).toBe(true)
    expect(restoreScript(origin, 'M', [await backUp(1, 'full', { a: large })], false)).not.toContain(secret)
  })

  it('takes nothing into the script that means something to a shell', async () => {
    const snapshot = { ...(await backUp(1, 'full', { a: large })), snapshot: '$(reboot)' }
    expect(() => restoreScript(origin, 'M', [snapshot], false)).toThrow('cannot be put into a script')
  })
})
