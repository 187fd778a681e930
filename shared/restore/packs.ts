import type { z } from 'zod'
import type { PackUrlsRequest, PackUrlsResponse } from '../api/restore.ts'
import { Failure, messageOf } from '../failure.ts'
import type { Extent, Manifest, Pack } from '../manifest.ts'
import { Interrupted, type Range, UrlRefused } from './range.ts'

export interface PackReaderOptions {
  /** Signs URLs of packs that the restore manifest in question grants. */
  sign(request: z.input<typeof PackUrlsRequest>): Promise<z.output<typeof PackUrlsResponse>>
  manifest: Manifest
  /** The bytes of one range. @throws UrlRefused, Interrupted, or an error that no other attempt gets over */
  getRange(url: string, range: Range): AsyncIterable<Uint8Array>
  signal: AbortSignal
  /** Waits so many milliseconds; ends at once when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
  /** 0 ≤ x < 1 */
  random(): number
  /** Called with the number of bytes of every chunk that came in. */
  onBytes?(count: number): void
}

/** Attempts without one byte of progress before a download is given up. */
const attempts = 8
const longestWait = 30_000

/**
 * Reads the packs of one snapshot by ranges. A broken connection is resumed in the middle of the range; a URL that expired is
 * signed again. Each URL is signed once and used until it is refused, because a link's byte budget counts signatures.
 */
export class PackReader {
  readonly #options: PackReaderOptions
  readonly #packs: Map<number, Pack>
  readonly #urls = new Map<number, Promise<string>>()

  constructor(options: PackReaderOptions) {
    this.#options = options
    this.#packs = new Map(options.manifest.packs.map(pack => [pack.n, pack]))
  }

  /** The bytes of `extents`, one after the other; neighbours in one request. @throws Failure `pack-damaged` or `download-failed` */
  async *read(extents: readonly Extent[]): AsyncGenerator<Uint8Array, void, undefined> {
    for (const extent of joined(extents)) yield* this.#extent(extent)
  }

  async *#extent({ pack: n, offset, length }: Extent): AsyncGenerator<Uint8Array, void, undefined> {
    const pack = this.#packs.get(n)
    if (!pack || offset + length > pack.size)
      throw new Failure('pack-damaged', 'A pack is damaged', { why: `its extent lies outside of pack ${n}` })
    const { getRange, onBytes } = this.#options
    let done = 0
    for (let failures = 0; done < length; ) {
      const signed = this.#url(n)
      const url = await signed
      try {
        const range = { offset: offset + done, length: length - done, size: pack.size }
        for await (const chunk of getRange(url, range)) {
          failures = 0
          done += chunk.length
          onBytes?.(chunk.length)
          yield chunk
        }
      } catch (error) {
        if (error instanceof UrlRefused) this.#forget(n, signed)
        else if (!(error instanceof Interrupted)) throw error
        if (++failures >= attempts) throw failed(n, error)
        await this.#backOff(failures)
      }
    }
  }

  #url(n: number): Promise<string> {
    const known = this.#urls.get(n)
    if (known) return known
    const {
      sign,
      manifest: { snapshot },
    } = this.#options
    const signed = sign({ packs: [{ snapshot, pack: n }] }).then(({ urls }) => {
      const found = urls.find(url => url.snapshot === snapshot && url.pack === n)
      if (!found) throw new Failure('receiver-unclear', `The receiver did not sign pack ${n}`, { fix: 'Try again' })
      return found.url
    })
    this.#urls.set(n, signed)
    signed.catch(() => this.#forget(n, signed))
    return signed
  }

  /** Another reader of the same pack may have a new one already. */
  #forget(n: number, signed: Promise<string>): void {
    if (this.#urls.get(n) === signed) this.#urls.delete(n)
  }

  /** At once after the first failure (a URL may just have expired), then 1, 2, 4 … seconds and up to half as much again. */
  async #backOff(failures: number): Promise<void> {
    if (failures === 1) return
    const { sleep, random, signal } = this.#options
    await sleep(Math.min(longestWait, 1000 * 2 ** (failures - 2)) * (1 + random() / 2), signal)
  }
}

function joined(extents: readonly Extent[]): Extent[] {
  const long: Extent[] = []
  for (const extent of extents) {
    const last = long.at(-1)
    if (last && last.pack === extent.pack && last.offset + last.length === extent.offset) last.length += extent.length
    else long.push({ ...extent })
  }
  return long
}

function failed(n: number, cause: unknown): Failure {
  return new Failure('download-failed', `Pack ${n} cannot be downloaded`, {
    why: `${attempts} attempts in a row brought nothing; the last said: ${messageOf(cause)}`,
    fix: 'Check the network and try again',
    retriable: true,
    cause,
  })
}
