import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRange } from '../../lambdas/restore-page/app/opening/get-range.ts'
import { Interrupted, UrlRefused } from '../../shared/restore/range.ts'
import { collect, noise } from '../sealed/support.ts'

const bytes = noise(300_000)
const range = { offset: 1000, length: 250_000, size: bytes.length }
const { signal } = new AbortController()
let server: http.Server
let base: string
beforeAll(async () => {
  server = http.createServer(({ url, headers }, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range!)!.map(Number) as [number, number, number]
    const status = Number(url!.slice(1)) || 206
    const total = url === '/another' ? 7 : bytes.length
    response.writeHead(status, {
      'content-range': `bytes ${from}-${to}/${total}`,
      'content-length': to - from + 1,
    })
    if (url === '/stalled') return void response.write(bytes.subarray(from, from + 100_000))
    if (url === '/broken')
      return void response.write(bytes.subarray(from, from + 100_000), () => setTimeout(() => response.destroy(), 50))
    response.end(bytes.subarray(from, to + 1))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const read = (path: string, patience?: number) => collect(getRange(base + path, range, signal, patience))

test('just the range is read', async () => {
  expect((await read('/')).equals(bytes.subarray(1000, 251_000))).toBe(true)
})

test('a URL that was refused is told from a vault that is busy, and from another object', async () => {
  await expect(read('/401')).rejects.toBeInstanceOf(UrlRefused)
  await expect(read('/403')).rejects.toBeInstanceOf(UrlRefused)
  await expect(read('/503')).rejects.toBeInstanceOf(Interrupted)
  for (const path of ['/404', '/416', '/another'])
    await expect(read(path)).rejects.toMatchObject({ code: 'pack-damaged' })
})

test('a connection that breaks, stalls or cannot be made can be tried again', async () => {
  await expect(read('/broken')).rejects.toBeInstanceOf(Interrupted)
  await expect(read('/stalled', 100)).rejects.toThrow(new Interrupted('no byte for 0.1 seconds'))
  await expect(collect(getRange('http://127.0.0.1:1/', range, signal))).rejects.toBeInstanceOf(Interrupted)
})

test('who waits before taking the next chunk is not taken for a connection that stalls', async () => {
  let length = 0
  for await (const chunk of getRange(`${base}/`, range, signal, 100)) {
    if (length === 0) await new Promise(resolve => setTimeout(resolve, 200))
    length += chunk.length
  }
  expect(length).toBe(range.length)
})

test('an abort is an abort', async () => {
  const controller = new AbortController()
  const stopped = collect(getRange(`${base}/stalled`, range, controller.signal))
  setTimeout(() => controller.abort(new Error('the page was closed')), 50)
  await expect(stopped).rejects.toThrow('the page was closed')
})
