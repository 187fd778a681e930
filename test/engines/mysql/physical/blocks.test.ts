import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blocksOf } from '../../../../uploader/engines/mysql/physical/blocks.ts'
import { seed, times } from '../../../support/counts.ts'

const MiB = 1024 * 1024

/** As a pipe hands it over: chunks that own their memory. */
function pipeOf(sizes: number[], after = async () => {}): { stdout: Readable; sha256: string; handed: () => number } {
  const chunks = sizes.map((size, i) => Buffer.alloc(size, i + 1))
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  let handed = 0
  const stdout = Readable.from(
    (async function* () {
      for (const chunk of chunks) {
        handed += chunk.length
        yield chunk
        await after()
      }
    })(),
    { objectMode: false },
  )
  return { stdout, sha256: hash.digest('hex'), handed: () => handed }
}

test('whatever sizes a program writes in, its reader gets every byte in order, in blocks of one size but the last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(64 * 1024), fc.integer({ min: 1, max: 3 * MiB })),
        {
          maxLength: 12,
        },
      ),
      fc.boolean(),
      async (sizes, slow) => {
        const { stdout, sha256 } = pipeOf(sizes)
        const hash = createHash('sha256')
        const found: number[] = []
        for await (const block of blocksOf(stdout)) {
          if (slow) await sleep(1)
          hash.update(block)
          found.push(block.length)
        }
        expect(hash.digest('hex')).toBe(sha256)
        expect(new Set(found.slice(0, -1)).size).toBeLessThan(2)
      },
    ),
    { numRuns: times(500), seed },
  )
})

test('a program whose reader is slow is not read ahead of further than a few blocks', async () => {
  const { stdout, handed } = pipeOf(Array(1000).fill(64 * 1024), () => new Promise(setImmediate))
  const blocks = blocksOf(stdout)
  let read = 0
  for (let i = 0; i < 5; i++) {
    read += (await blocks.next()).value!.length
    await sleep(50)
    expect(handed() - read).toBeLessThan(3 * MiB)
  }
  await blocks.return()
})

test('a pipe that breaks is told to its reader', async () => {
  const { stdout } = pipeOf([MiB, MiB])
  const blocks = blocksOf(stdout)
  await blocks.next()
  stdout.destroy(new Error('the pipe broke'))
  await expect(
    (async () => {
      for await (const _ of blocks);
    })(),
  ).rejects.toThrow('the pipe broke')
})
