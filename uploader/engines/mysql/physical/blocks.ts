import type { Readable } from 'node:stream'
import { release } from '../../../../shared/sealed/release.ts'

const blockSize = 512 * 1024
/** One that somebody works on, and others that are full or being filled meanwhile. */
const blockCount = 4

/**
 * What a program writes, in blocks of one size but the last: a pipe hands over little at a time, and each handing on costs more than the copy. It is read ahead as far as there are blocks, so that
 * the program goes on while its reader works, and no faster. A block is valid until the next is asked for.
 */
export async function* blocksOf(stdout: Readable): AsyncGenerator<Buffer, void, undefined> {
  const free = Array.from({ length: blockCount - 1 }, () => Buffer.allocUnsafeSlow(blockSize))
  const full: Buffer<ArrayBuffer>[] = []
  const unplaced: Buffer[] = []
  let block: Buffer<ArrayBuffer> | undefined = Buffer.allocUnsafeSlow(blockSize)
  let filled = 0
  let over = false
  let wake = () => {}

  const place = () => {
    for (let chunk = unplaced[0]; chunk && block; chunk = unplaced[0]) {
      const taken = chunk.copy(block, filled)
      filled += taken
      if (taken < chunk.length) unplaced[0] = chunk.subarray(taken)
      else release(unplaced.shift()!)
      if (filled < blockSize) continue
      full.push(block)
      block = free.pop()
      filled = 0
    }
    if (unplaced.length > 0) stdout.pause()
    else if (stdout.isPaused()) stdout.resume()
  }
  stdout.on('data', (chunk: Buffer) => {
    unplaced.push(chunk)
    place()
    if (full.length > 0) wake()
  })
  // Told to the reader, below.
  stdout.on('error', () => {})
  stdout.once('close', () => {
    over = true
    wake()
  })
  while (full.length > 0 || !over) {
    const next = full.shift()
    if (!next) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
      continue
    }
    yield next
    if (block) free.push(next)
    else block = next
    place()
  }
  if (stdout.errored) throw stdout.errored
  if (filled > 0) yield block!.subarray(0, filled)
}
