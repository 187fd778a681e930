/**
 * Small chunks are gathered, so that each trip to another thread is worth it. Each block fills a buffer but the last, one buffer after the other and around again: it stays
 * what it is until its buffer's turn comes.
 */
export async function* gather(
  plain: AsyncIterable<Uint8Array>,
  buffers: readonly Buffer[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let turn = 0
  let filled = 0
  for await (const chunk of plain) {
    for (let at = 0; at < chunk.length; ) {
      const buffer = buffers[turn]!
      const take = Math.min(buffer.length - filled, chunk.length - at)
      buffer.set(chunk.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled < buffer.length) continue
      yield buffer
      turn = (turn + 1) % buffers.length
      filled = 0
    }
  }
  if (filled > 0) yield buffers[turn]!.subarray(0, filled)
}
