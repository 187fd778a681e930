/** How long bytes take: measured in this tab, or at two usual speeds of a line as long as nothing was fetched. */
export type Estimate =
  | { kind: 'measured'; seconds: number; bytesPerSecond: number }
  | { kind: 'assumed'; slow: number; fast: number }

const megabit = 1e6 / 8

/** @param measured bytes in a second; null before anything was fetched. `slow` is at 100 Mbit/s and `fast` at 1 Gbit/s, both in seconds */
export function estimate(bytes: number, measured: number | null): Estimate {
  if (measured !== null && measured > 0)
    return { kind: 'measured', seconds: bytes / measured, bytesPerSecond: measured }
  return { kind: 'assumed', slow: bytes / (100 * megabit), fast: bytes / (1000 * megabit) }
}

/** Speed over the last seconds. Times come from the caller, in milliseconds. */
export class Speed {
  readonly #samples: { at: number; bytes: number }[] = []

  /** @param bytes fetched so far, all files together */
  add(at: number, bytes: number): void {
    this.#samples.push({ at, bytes })
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > 10_000) this.#samples.shift()
  }

  /** Bytes in a second; null until there is half a second to judge by. */
  get bytesPerSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (!first || !last || last.at - first.at < 500 || last.bytes <= first.bytes) return null
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000
  }
}
