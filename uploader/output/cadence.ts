/** Lets one call through per `interval` milliseconds of `now`, and always the first. */
export function cadence(interval: number, now: () => number): () => boolean {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    if (now() - last < interval) return false
    last = now()
    return true
  }
}
