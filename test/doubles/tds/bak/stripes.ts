import { blockSize, readDescriptor, writeDescriptor } from './descriptor.ts'
import type { Sink, Source } from './medium.ts'

/**
 * A media set of several families: what one file would hold is dealt out to all of them, buffer by buffer. Each begins with a descriptor that says which of the
 * set's families it is.
 * Source: Microsoft, "Media sets, media families, and backup sets (SQL Server)". How SQL Server deals its buffers out is not documented; the double does it in turn.
 */
const bufferSize = 64 * 1024

export interface Family {
  set: string
  /** From 1. */
  number: number
  count: number
}

interface Place {
  family: number
  position: number
  length: number
}

/** Where the bytes from `position` on lie, up to the end of their buffer. */
function placeOf(position: number, length: number, count: number): Place {
  const buffer = Math.floor(position / bufferSize)
  const within = position % bufferSize
  return {
    family: buffer % count,
    position: blockSize + Math.floor(buffer / count) * bufferSize + within,
    length: Math.min(length, bufferSize - within),
  }
}

export class StripedSink implements Sink {
  readonly #families: Sink[]

  constructor(families: Sink[]) {
    this.#families = families
  }

  /** @param set names the media set */
  async begin(set: string): Promise<void> {
    const count = this.#families.length
    for (const [at, family] of this.#families.entries()) {
      const head = Buffer.alloc(blockSize)
      writeDescriptor('TAPE', 0, ['', 'Microsoft SQL Server', `${set}/${at + 1}/${count}`]).copy(head)
      await family.write(head, 0, head.length, 0)
    }
  }

  async write(data: Buffer, offset: number, length: number, position: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const place = placeOf(position + done, length - done, this.#families.length)
      await this.#families[place.family]!.write(data, offset + done, place.length, place.position)
      done += place.length
    }
  }
}

/** @param families in their order */
export class StripedSource implements Source {
  readonly #families: Source[]

  constructor(families: Source[]) {
    this.#families = families
  }

  async read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    let bytesRead = 0
    while (bytesRead < length) {
      const place = placeOf(position + bytesRead, length - bytesRead, this.#families.length)
      const family = this.#families[place.family]!
      const piece = await family.read(buffer, offset + bytesRead, place.length, place.position)
      bytesRead += piece.bytesRead
      if (piece.bytesRead < place.length) break
    }
    return { bytesRead }
  }

  async stat(): Promise<{ size: number }> {
    const sizes = await Promise.all(this.#families.map(async family => (await family.stat()).size - blockSize))
    return { size: sizes.reduce((sum, size) => sum + size, 0) }
  }
}

/** @returns undefined for a file that is whole by itself */
export async function familyOf(file: Source): Promise<Family | undefined> {
  const head = Buffer.alloc(blockSize)
  const { bytesRead } = await file.read(head, 0, blockSize, 0)
  const descriptor = bytesRead === blockSize ? readDescriptor(head) : undefined
  const [, , about] = descriptor?.kind === 'TAPE' ? descriptor.strings : []
  if (about === undefined) return undefined
  const [set, number, count] = about.split('/')
  return { set: set!, number: Number(number), count: Number(count) }
}
