import type { SnapshotId } from '../../shared/ids.ts'
import type { Receiver } from '../receiver/receiver.ts'
import type { StagedPart } from '../staging/pack-writer.ts'
import type { Clock } from './clock.ts'
import type { Target } from './put-part.ts'

/** URLs live for 15 minutes; one this old is not begun with any more. By the time since they were signed, so that a clock which is wrong, or set meanwhile, does no harm. */
const freshFor = 10 * 60_000

interface Signed extends Target {
  at: number
}

/** Gets presigned URLs, a window of parts with one call. */
export class Signer {
  readonly #receiver: Pick<Receiver, 'parts'>
  readonly #snapshot: SnapshotId
  readonly #lease: string
  readonly #clock: Clock
  readonly #urls = new Map<string, Promise<Signed>>()

  constructor(receiver: Pick<Receiver, 'parts'>, snapshot: SnapshotId, lease: string, clock: Clock) {
    this.#receiver = receiver
    this.#snapshot = snapshot
    this.#lease = lease
    this.#clock = clock
  }

  /**
   * A URL for `part` that has some minutes left.
   * @param next what will be asked for soon: signed in the same call if there is one
   */
  async sign(part: StagedPart, next: readonly StagedPart[]): Promise<Target> {
    const known = this.#urls.get(keyOf(part))
    if (known) {
      const signed = await known
      if (this.#clock.elapsed() - signed.at < freshFor) return signed
    }
    const window = [part, ...next.filter(other => !this.#urls.has(keyOf(other)))]
    const signing = this.#ask(window)
    for (const one of window) {
      const url = signing.then(urls => urls.get(keyOf(one))!)
      url.catch(() => this.#urls.delete(keyOf(one)))
      this.#urls.set(keyOf(one), url)
    }
    return this.#urls.get(keyOf(part))!
  }

  /** The URL was used, or refused. */
  forget(part: StagedPart): void {
    this.#urls.delete(keyOf(part))
  }

  async #ask(window: StagedPart[]): Promise<Map<string, Signed>> {
    const parts = window.map(({ pack, number, size, digest }) => ({
      pack,
      number,
      size,
      sha256: digest.toString('base64'),
    }))
    const { urls } = await this.#receiver.parts(this.#snapshot, { lease: this.#lease, parts })
    const at = this.#clock.elapsed()
    const signed = new Map(urls.map(({ url, headers, ...part }) => [keyOf(part), { url, headers, at }]))
    const missing = window.find(part => !signed.has(keyOf(part)))
    if (missing) throw new Error(`the receiver signed no URL for part ${keyOf(missing)}`)
    return signed
  }
}

const keyOf = ({ pack, number }: { pack: number; number: number }) => `${pack}/${number}`
