import { damaged } from '../../../../shared/sealed/damaged.ts'

/** Of a window, which the decompressor keeps in memory. The `zstd` program, too, opens no larger one unless it is told to. */
const largestWindow = 128 * 1024 * 1024
const largestBlock = 128 * 1024
const longestHeader = 18
const magic = 0xfd2fb528
/** Frames that hold no content: the lowest four bits are free. */
const skippable = 0x184d2a50

/** A piece of less than so many bytes may be kept by who takes it, and has memory of its own. */
const small = 18

/**
 * Takes zstd frames, one behind the other, apart as RFC 8878 puts them together: a frame's header with its first block, each other block, a checksum. Each piece
 * is valid until the next is asked for.
 * @throws Failure `sealed-damaged` where it is no zstd, ends within a frame, or wants more memory than 128 MiB
 */
export async function* zstdBlocks(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = compressed[Symbol.asyncIterator]()
  try {
    yield* blocks(fillFrom(chunks))
  } finally {
    await chunks.return?.()
  }
}

async function* blocks(input: Fill): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new Uint8Array(longestHeader + 3 + largestBlock)
  const view = new DataView(bytes.buffer)
  let filled = 0
  const need = async (length: number) => {
    filled = await input(bytes, filled, length)
    if (filled < length) throw damaged('it ends within a zstd frame')
  }
  const piece = () => {
    const whole = filled < small ? bytes.slice(0, filled) : bytes.subarray(0, filled)
    filled = 0
    return whole
  }
  for (let frames = 0; ; frames++) {
    filled = await input(bytes, 0, 1)
    if (filled === 0 && frames > 0) return
    await need(5)
    const kind = view.getUint32(0, true)
    if ((kind & ~15) >>> 0 === skippable) {
      await need(8)
      await skip(view.getUint32(4, true))
      continue
    }
    if (kind !== magic) throw damaged('it does not begin like a zstd frame')
    const descriptor = bytes[4]!
    await need(headerLength(descriptor))
    if (windowSize(view, descriptor) > largestWindow) throw damaged('it wants more memory than zstd gives')
    for (let last = false; !last; ) {
      const at = filled
      await need(at + 3)
      const block = view.getUint16(at, true) + bytes[at + 2]! * 65536
      last = (block & 1) === 1
      const repeated = ((block >> 1) & 3) === 1
      const size = repeated ? 1 : block >> 3
      if (size > largestBlock) throw damaged('a block of it is too long')
      await need(filled + size)
      yield piece()
    }
    if ((descriptor & 4) === 0) continue
    await need(4)
    yield piece()
  }

  async function skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      filled = 0
      const take = Math.min(left, bytes.length)
      await need(take)
      left -= take
    }
  }
}

const isSingle = (descriptor: number) => (descriptor & 32) !== 0
const dictionaryLength = (descriptor: number) => [0, 1, 2, 4][descriptor & 3]!
const contentSizeLength = (descriptor: number) => [isSingle(descriptor) ? 1 : 0, 2, 4, 8][descriptor >> 6]!

function headerLength(descriptor: number): number {
  return 5 + (isSingle(descriptor) ? 0 : 1) + dictionaryLength(descriptor) + contentSizeLength(descriptor)
}

function windowSize(header: DataView, descriptor: number): number {
  if (!isSingle(descriptor)) {
    const window = header.getUint8(5)
    const base = 2 ** (10 + (window >> 3))
    return base + (base / 8) * (window & 7)
  }
  const at = 5 + dictionaryLength(descriptor)
  switch (contentSizeLength(descriptor)) {
    case 1:
      return header.getUint8(at)
    case 2:
      return header.getUint16(at, true) + 256
    case 4:
      return header.getUint32(at, true)
    default:
      return Number(header.getBigUint64(at, true))
  }
}

/** Fills a buffer from where it is filled to, up to `length`; with less only where there is no more. @returns how far it is filled then */
type Fill = (buffer: Uint8Array, filled: number, length: number) => Promise<number>

function fillFrom(chunks: AsyncIterator<Uint8Array>): Fill {
  let rest: Uint8Array = new Uint8Array()
  return async (buffer, filled, length) => {
    while (filled < length) {
      if (rest.length === 0) {
        const { done, value } = await chunks.next()
        if (done) return filled
        rest = value
      }
      const part = rest.subarray(0, length - filled)
      buffer.set(part, filled)
      filled += part.length
      rest = rest.subarray(part.length)
    }
    return filled
  }
}
