import type { z } from 'zod'
import type { RestoreManifestRequest } from '../../../../shared/api/restore.ts'
import type { Manifest } from '../../../../shared/manifest.ts'
import type { RestoreAnswer } from '../../../../shared/restore/chain.ts'
import { PackReader } from '../../../../shared/restore/packs.ts'
import { getRange } from './get-range.ts'
import type { Choice } from './opened.ts'
import type { LinkReceiver } from './receiver.ts'

export interface Means {
  receiver: Pick<LinkReceiver, 'restoreManifest' | 'packUrls'>
  signal: AbortSignal
  /** Waits so many milliseconds, and until there is a network. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
  /** 0 ≤ x < 1 */
  random(): number
}

/**
 * A restore manifest that the receiver granted, with its signed URLs: opened with one identity after the other it consumes one use of the link, and each pack
 * is signed once.
 */
export class Granted {
  readonly answer: RestoreAnswer
  readonly #means: Means
  readonly #readers = new Map<string, PackReader>()

  constructor(answer: RestoreAnswer, means: Means) {
    this.answer = answer
    this.#means = means
  }

  isOver(now: Date): boolean {
    return Date.parse(this.answer.expiresAt) <= now.getTime()
  }

  /** @param manifest whose signature was proved */
  reader(manifest: Manifest): PackReader {
    const known = this.#readers.get(manifest.snapshot)
    if (known) return known
    const { receiver, signal, sleep, random } = this.#means
    const reader = new PackReader({
      manifest,
      sign: request => receiver.packUrls(this.answer.id, request),
      getRange: (url, range) => getRange(url, range, signal),
      signal,
      sleep,
      random,
    })
    this.#readers.set(manifest.snapshot, reader)
    return reader
  }
}

/**
 * Consumes a use of the link.
 * @param idempotencyKey asked with the same one again it does not
 * @throws ProblemError of the receiver
 */
export async function askFor(
  { source, at, snapshot, units }: Choice,
  idempotencyKey: string,
  means: Means,
): Promise<Granted> {
  const request: z.input<typeof RestoreManifestRequest> = {
    source,
    idempotencyKey,
    ...(at === undefined ? {} : { at }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(units === undefined ? {} : { units }),
  }
  return new Granted(await means.receiver.restoreManifest(request), means)
}
