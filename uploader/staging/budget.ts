import { Failure } from '../../shared/failure.ts'

/** Kept free for the journal, which has about 150 bytes for each part. */
const journalRoom = 1024 * 1024

/**
 * How many part files may exist at once. Each worker fills one; one is for a large index; one must be on its way up, or nothing ever becomes free.
 * @throws Failure `staging-too-small`
 */
export function partsWithin(maxBytes: number, partSize: number, workers: number): number {
  const parts = Math.floor((maxBytes - journalRoom) / partSize)
  const least = workers + 2
  if (parts >= least) return parts
  const wanted = Math.ceil((least * partSize + journalRoom) / (1024 * 1024))
  throw new Failure('staging-too-small', 'The staging budget is too small', {
    why: `${workers} readers need ${least} parts of ${partSize / (1024 * 1024)} MiB`,
    fix: `Raise staging.maxBytes to at least ${wanted}MiB`,
  })
}

/** A place for each part file that may exist. Whoever finds none waits, and with it the engine. */
export class Budget {
  readonly capacity: number
  #used = 0
  #waiting: (() => void)[] = []

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get used(): number {
    return this.#used
  }

  /** Waits for a place. Rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#used < this.capacity) {
      this.#used += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting = this.#waiting.filter(waiting => waiting !== go)
        reject(signal.reason)
      }
      this.#waiting.push(go)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** A part file is gone: its place goes to whoever has waited longest. */
  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#used -= 1
  }
}
