import { createHash } from 'node:crypto'
import { addAbortSignal, type Readable } from 'node:stream'
import { type Claimed, Digest } from './digest.ts'
import { Refused } from './refused.ts'
import type { Spool, SpooledPart } from './spool.ts'

/** Of a part in memory: how much its reader is given at once. */
const pieceSize = 512 * 1024
/** Parts in memory at once: one that is read, and one that is coming. */
const mostHeld = 2

/** A part as the server's list of them names it. */
export interface ListedPart {
  number: number
  etag: string
}

type Ready = { held: Buffer; size: number } | { spooled: SpooledPart }

/**
 * One object that the server sends in parts, as a stream in the order of their numbers. Parts come in parallel:
 *
 *   part 4  ██ read          next in order: into memory, and to the reader once it is whole and what was signed
 *   part 5  ▒▒ coming
 *   part 6  ·· waits         all before it are here or coming: its bytes stay in the connection until it is its turn
 *   part 8  ▓▓ spooled       7 is not here, and may only come when 8 is taken: onto the disk, sealed
 *
 * A part reaches the reader only when it is whole, so that one whose connection broke can be sent again.
 */
export class Intake {
  readonly #spool: Spool
  /** ETags of the parts that were taken. */
  readonly #taken = new Map<number, string>()
  readonly #arriving = new Map<number, AbortController>()
  readonly #spooled = new Map<number, SpooledPart>()
  readonly #ready: Ready[] = []
  readonly #free: Buffer[] = []
  #next = 1
  #held = 0
  #state: 'new' | 'open' | 'complete' | 'over' = 'new'
  #size = 0
  #change = Promise.withResolvers<void>()
  readonly #begun = Promise.withResolvers<void>()

  constructor(spool: Spool) {
    this.#spool = spool
  }

  /** Resolves when the server begins to send. */
  get begun(): Promise<void> {
    return this.#begun.promise
  }

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /** Bytes that were taken. */
  get size(): number {
    return this.#size
  }

  /** The server waits for the reader, not the reader for the server. */
  get isHeldUp(): boolean {
    return this.#held === mostHeld && this.#ready.some(ready => 'held' in ready)
  }

  /** May be told again as long as nothing came. @throws Refused */
  begin(): void {
    if (this.#state === 'new') this.#state = 'open'
    this.#requireOpen()
    if (this.#taken.size + this.#arriving.size > 0)
      throw new Refused('InvalidRequest', 'This object is being sent already')
    this.#begun.resolve()
  }

  /** Returns the ETag when the part was taken whole. Where nobody wants it any more, `body` is destroyed. @throws Refused; whatever the body throws */
  async take(number: number, claimed: Claimed, body: Readable, signal: AbortSignal): Promise<string> {
    this.#requireOpen()
    const known = this.#taken.get(number)
    if (known !== undefined) return sameAgain(known, claimed, body)
    // Whoever sends it again has given the earlier connection up.
    this.#arriving.get(number)?.abort(new Refused('InvalidRequest', 'This part is being sent again'))
    const stop = new AbortController()
    this.#arriving.set(number, stop)
    this.#tell()
    const either = AbortSignal.any([signal, stop.signal])
    addAbortSignal(either, body)
    try {
      const digest = new Digest(claimed)
      const inTurn = await this.#turnOf(number, either)
      const content = digest.of(body)
      const ready = inTurn ? await this.#hold(content, claimed.size) : { spooled: await this.#spool.write(content) }
      try {
        const etag = digest.end()
        either.throwIfAborted()
        this.#requireOpen()
        this.#keep(number, etag, ready)
        this.#size += claimed.size
        return etag
      } catch (error) {
        await this.#drop(ready)
        throw error
      }
    } finally {
      if (this.#arriving.get(number) === stop) this.#arriving.delete(number)
      this.#tell()
    }
  }

  /** The server says which parts make up the object. May be told again. @returns its ETag. @throws Refused where one of them is not here */
  complete(parts: readonly ListedPart[]): string {
    const etag = etagOf(parts)
    if (this.#state === 'complete') return etag
    this.#requireOpen()
    const numbers = parts.map(({ number }) => number)
    if (parts.length === 0 || parts.some(({ number, etag }) => this.#taken.get(number) !== etag))
      throw new Refused('InvalidPart', 'A part is not here, or is another one')
    if (numbers.some((number, i) => i > 0 && number <= numbers[i - 1]!))
      throw new Refused('InvalidPart', 'The parts are not in ascending order')
    const passed = [...this.#taken.keys()].filter(number => number < this.#next)
    if (passed.some(number => !numbers.includes(number)))
      throw new Refused('InvalidPart', 'A part that was read is not in the list')
    // Numbers may leave some out: only now it is known that nothing comes between them.
    for (const number of numbers) {
      const spooled = this.#spooled.get(number)
      if (spooled === undefined) continue
      this.#spooled.delete(number)
      this.#ready.push({ spooled })
    }
    this.#state = 'complete'
    this.#tell()
    return etag
  }

  /** Nothing more is taken, and the reader comes to its end. */
  abandon(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    for (const stop of this.#arriving.values())
      stop.abort(new Refused('NoSuchUpload', 'Nobody takes this object any more'))
    this.#tell()
  }

  /** Once. All that was taken, in order; ends when the object is complete, or was abandoned. A chunk is valid until the next is asked for. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        if (this.#state === 'over') return
        const ready = this.#ready.shift()
        if (ready && 'spooled' in ready) yield* ready.spooled.read()
        else if (ready) {
          for (let at = 0; at < ready.size; at += pieceSize)
            yield ready.held.subarray(at, Math.min(at + pieceSize, ready.size))
          this.#release(ready.held)
        } else if (this.#state === 'complete') return
        else await this.#change.promise
      }
    } finally {
      if (this.#state !== 'complete') this.abandon()
      const left = [...this.#ready.splice(0), ...[...this.#spooled.values()].map(spooled => ({ spooled }))]
      this.#spooled.clear()
      for (const ready of left) await this.#drop(ready)
      // The door remembers its objects, but not their buffers.
      this.#free.splice(0)
    }
  }

  #keep(number: number, etag: string, ready: Ready): void {
    this.#taken.set(number, etag)
    if (number !== this.#next) {
      this.#spooled.set(number, (ready as { spooled: SpooledPart }).spooled)
      return
    }
    this.#ready.push(ready)
    this.#next++
    for (let spooled = this.#spooled.get(this.#next); spooled; spooled = this.#spooled.get(this.#next)) {
      this.#spooled.delete(this.#next)
      this.#ready.push({ spooled })
      this.#next++
    }
  }

  /** @returns false where the part has to be spooled, because one before it may never come as long as this one waits */
  async #turnOf(number: number, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted()
      this.#requireOpen()
      if (number === this.#next && this.#held < mostHeld) {
        this.#held++
        return true
      }
      for (let before = this.#next; before < number; before++)
        if (!this.#arriving.has(before) && !this.#spooled.has(before)) return false
      await changeOr(this.#change.promise, signal)
    }
  }

  async #hold(content: AsyncIterable<Uint8Array>, size: number): Promise<Ready> {
    const held = this.#buffer(size)
    let at = 0
    try {
      for await (const chunk of content) {
        held.set(chunk, at)
        at += chunk.length
      }
    } catch (error) {
      this.#release(held)
      throw error
    }
    return { held, size }
  }

  #buffer(size: number): Buffer {
    const free = this.#free.pop()
    return free && free.length >= size ? free : Buffer.allocUnsafeSlow(size)
  }

  #release(held: Buffer): void {
    this.#held--
    this.#free.push(held)
    this.#tell()
  }

  async #drop(ready: Ready): Promise<void> {
    if ('spooled' in ready) await ready.spooled.remove()
    else this.#release(ready.held)
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw new Refused('NoSuchUpload', 'Nobody takes this object, or it is complete')
  }

  #tell(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }
}

/** As S3 makes it of those of the parts. */
function etagOf(parts: readonly ListedPart[]): string {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}

/** A part whose answer was lost. */
async function sameAgain(known: string, claimed: Claimed, body: AsyncIterable<Uint8Array>): Promise<string> {
  const digest = new Digest(claimed)
  for await (const _ of digest.of(body));
  const etag = digest.end()
  if (etag === known) return etag
  throw new Refused('InvalidPart', 'This part was sent before, with another content')
}

function changeOr(change: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    change.then(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
  })
}
