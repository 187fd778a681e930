/**
 * Does `work` for every item, `count` at a time. The first failure stops the rest through `stop`, and is thrown once nothing is
 * under way any more.
 */
export async function concurrently<T>(
  items: Iterable<T>,
  count: number,
  stop: AbortController,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failure: { error: unknown } | undefined
  const worker = async () => {
    for (let next = iterator.next(); !next.done && !failure; next = iterator.next()) {
      try {
        await work(next.value)
      } catch (error) {
        failure ??= { error }
        stop.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: count }, worker))
  if (failure) throw failure.error
}
