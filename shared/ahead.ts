/** Asks for the next one while the one before is still in use, so that nobody waits in between. */
export async function* ahead<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const source = items[Symbol.asyncIterator]()
  const ask = () => {
    const next = source.next()
    // Its error is thrown to who takes it, which may be later.
    next.catch(() => {})
    return next
  }
  try {
    let next = ask()
    for (let item = await next; !item.done; item = await next) {
      next = ask()
      yield item.value
    }
  } finally {
    await source.return?.()
  }
}
