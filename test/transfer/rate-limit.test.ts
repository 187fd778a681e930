import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from '../../uploader/transfer/clock.ts'
import { connectionsWithin, limitRate, RateLimit } from '../../uploader/transfer/limit-rate.ts'
import { newPutPart, pieceSize } from '../../uploader/transfer/put-part.ts'
import { acknowledge, partDigest, startHost } from '../network/servers.ts'
import { long } from '../support/counts.ts'
import { direct } from '../support/network.ts'
import { temporaryDirectory } from '../uploader/directory.ts'

const limit = 5_000_000
const seconds = long ? 60 : 6

test(`four connections keep to 5 MB/s together, to 5 % over ${seconds} seconds, and each has its share`, async () => {
  await using directory = await temporaryDirectory()
  const arrived = [0, 0, 0, 0]
  await using storage = await startHost((request, response) => {
    const worker = Number(request.url!.slice(1))
    request.on('data', chunk => {
      arrived[worker]! += chunk.length
    })
    request.on('end', () => acknowledge(response))
  })
  const connections = direct.connections(4)
  const put = limitRate(newPutPart(connections), new RateLimit(limit, systemClock))
  const stop = new AbortController()
  // Of sizes that leave odd pieces, and one that is smaller than a piece.
  const sizes = [3_000_000, 5_000_001, pieceSize, 70_000]
  const worker = async (_: number, n: number) => {
    const size = sizes[n]!
    const path = directory.in(`${n}`)
    await writeFile(path, Buffer.alloc(size))
    const part = { pack: 1, number: n + 1, size, digest: partDigest, path }
    const target = { url: `${storage.url}/${n}`, headers: {} }
    const send = () => put(part, target, stop.signal, () => {})
    while (!stop.signal.aborted)
      await send().catch(error => {
        if (!stop.signal.aborted) throw error
      })
  }
  const workers = sizes.map(worker)
  await sleep(1000)
  const before = [...arrived]
  const started = performance.now()
  await sleep(seconds * 1000)
  const sent = arrived.map((bytes, n) => bytes - before[n]!)
  const rate = sent.reduce((sum, bytes) => sum + bytes) / ((performance.now() - started) / 1000)
  stop.abort()
  await Promise.all(workers)
  connections.close()

  expect(rate).toBeGreaterThan(limit * 0.95)
  expect(rate).toBeLessThan(limit * 1.05)
  // In turn, a piece of each; the smaller part is one piece.
  const [large = 0, odd = 0, whole = 0, small = 0] = sent
  for (const one of [odd, whole]) expect(one / large).toBeCloseTo(1, 0)
  expect(small).toBeGreaterThan(0)
})

test('a wait is over at once when the run is', async () => {
  const limited = new RateLimit(1000, systemClock)
  const stop = new AbortController()
  const wait = limited.after(1_000_000, stop.signal)
  stop.abort(new Error('stopped'))
  await expect(wait).rejects.toThrow('stopped')
})

test('what was not sent is made up for only for a moment', () => {
  let now = 0
  const limited = new RateLimit(1000, { ...systemClock, elapsed: () => now })
  expect(limited.book(500)).toBe(500)
  now = 3_600_000
  expect(limited.book(1000)).toBe(750)
  expect(limited.book(1000)).toBe(1750)
})

test.each([
  [4, 5_000_000, 4],
  [64, 1_000_000, 19],
  [4, 64 * 1024, 1],
])('of %i connections at %i bytes per second %i do not fall silent', (most, rate, within) => {
  expect(connectionsWithin(most, rate)).toBe(within)
})
