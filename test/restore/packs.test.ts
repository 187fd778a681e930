import { beforeAll, expect, test } from 'vitest'
import type { Failure } from '../../shared/failure.ts'
import { collect } from '../../shared/restore/jsonl.ts'
import { PackReader } from '../../shared/restore/packs.ts'
import { UrlRefused } from '../../shared/restore/range.ts'
import { getRange } from '../../uploader/restore/range.ts'
import { direct } from '../support/network.ts'
import { type Fault, type Keys, type Made, makeSnapshot, newKeys, noise, startVault } from './support.ts'

let keys: Keys
let made: Made
beforeAll(async () => {
  keys = await newKeys()
  made = await makeSnapshot(keys, { files: { 'a.sql': noise(400_000), 'b.sql': noise(100_000) } })
})

async function readAll(fault?: Fault) {
  const waits: number[] = []
  await using vault = await startVault([made], fault ? { fault } : {})
  const connections = direct.connections(1)
  const { signal } = new AbortController()
  const reader = new PackReader({
    sign: request => vault.receiver.packUrls('rm1', request),
    manifest: made.manifest,
    getRange: (url, range) => getRange(connections, url, range, signal),
    signal,
    sleep: async milliseconds => void waits.push(milliseconds),
    random: () => 0,
  })
  const length = made.packs.get(1)!.length
  const error = { value: undefined as Failure | undefined }
  const chunks = await collect(reader.read([{ pack: 1, offset: 1, length: length - 1 }])).catch(failure => {
    error.value = failure
    return []
  })
  return { bytes: Buffer.concat(chunks), vault, waits, error: error.value, expected: made.packs.get(1)!.subarray(1) }
}

test('a connection that breaks in the middle of a range is resumed where it broke', async () => {
  let broken = 0
  const { bytes, expected, vault } = await readAll(({ range, response }) => {
    if (broken++ > 0) return undefined
    const [, from, to] = /(\d+)-(\d+)/.exec(range)!
    const pack = made.packs.get(1)!
    response.writeHead(206, {
      'content-range': `bytes ${from}-${to}/${pack.length}`,
      'content-length': Number(to) - Number(from) + 1,
    })
    response.write(pack.subarray(Number(from), 100_001), () => response.destroy())
    return true
  })
  expect(bytes.equals(expected)).toBe(true)
  expect(vault.requests.length).toBe(2)
  const [, from] = /bytes=(\d+)-/.exec(vault.requests[1]!)!
  expect(Number(from)).toBeGreaterThan(1)
  expect(Number(from)).toBeLessThanOrEqual(100_001)
})

test('a URL that has expired is signed again at once', async () => {
  const { bytes, expected, vault, waits } = await readAll(({ url, response }) => {
    if (!url.endsWith('signature=1')) return undefined
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    return true
  })
  expect(bytes.equals(expected)).toBe(true)
  expect(vault.signatures()).toBe(2)
  expect(waits).toEqual([])
})

test('a URL that has expired for several readers at once is signed again once: each signature counts for the budget of a link', async () => {
  await using vault = await startVault([made])
  const { signal } = new AbortController()
  const slow = Promise.withResolvers<void>()
  const reader = new PackReader({
    sign: request => vault.receiver.packUrls('rm1', request),
    manifest: made.manifest,
    async *getRange(url, range) {
      const isFirst = range.offset === 0
      if (url.endsWith('signature=1')) {
        // The second reader hears of it when the first one has another URL already.
        if (!isFirst) await slow.promise
        throw new UrlRefused('the vault answered 403')
      }
      if (isFirst) slow.resolve()
      yield made.packs.get(1)!.subarray(range.offset, range.offset + range.length)
    },
    signal,
    sleep: async () => {},
    random: () => 0,
  })
  const read = (offset: number) => collect(reader.read([{ pack: 1, offset, length: 1000 }]))
  const [first, second] = await Promise.all([read(0), read(1000)])
  expect(Buffer.concat([...first, ...second]).equals(made.packs.get(1)!.subarray(0, 2000))).toBe(true)
  expect(vault.signatures()).toBe(2)
})

test('a vault that is busy is asked again, a little later each time', async () => {
  const { bytes, expected, waits, vault } = await readAll(({ served, response }) => {
    if (served > 4) return undefined
    response.writeHead(503).end()
    return true
  })
  expect(bytes.equals(expected)).toBe(true)
  expect(waits).toEqual([1000, 2000, 4000])
  expect(vault.signatures()).toBe(1)
})

test('a vault that never answers is given up after a bounded number of attempts', async () => {
  const { error, vault } = await readAll(({ response }) => {
    response.destroy()
    return true
  })
  expect(error?.code).toBe('download-failed')
  expect(error?.retriable).toBe(true)
  expect(vault.requests.length).toBe(8)
})

test('a vault that serves another object under the URL is refused without trying again', async () => {
  const { error, vault } = await readAll(({ response }) => {
    response.writeHead(206, { 'content-range': 'bytes 1-2/3', 'content-length': 2 }).end('xx')
    return true
  })
  expect(error?.code).toBe('pack-damaged')
  expect(vault.requests.length).toBe(1)
})
