import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { open } from '../../shared/sealed/open.ts'
import { seal } from '../../shared/sealed/seal.ts'
import { long } from '../support/counts.ts'
import { digest, newIdentity, noise, text } from './support.ts'

const MiB = 1024 * 1024

test('a stream of any length is sealed and opened in little memory', { timeout: 300_000 }, async () => {
  const { identity, recipient } = await newIdentity()
  const size = (long ? 1024 : 128) * MiB
  const hash = createHash('sha256')
  const blocks = [text(MiB), noise(MiB), text(MiB)]
  const plain = async function* () {
    for (let at = 0, n = 0; at < size; at += MiB, n++) {
      const block = blocks[n % 3]!
      block.writeUInt32LE(n)
      hash.update(block)
      yield block
    }
  }
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let peak = 0
  const watched = async function* () {
    for await (const piece of seal(plain(), [recipient])) {
      peak = Math.max(peak, process.memoryUsage().rss)
      yield piece
    }
  }
  expect(await digest(open(watched(), [identity]))).toBe(hash.digest('hex'))
  expect(peak - before).toBeLessThan(48 * MiB)
})
