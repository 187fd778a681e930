interface Connection {
  /** Ends it at once, whatever is under way. */
  destroy(): void
  end(): Promise<void>
}

/**
 * One connection for as long as `work` takes; an abort ends both.
 * @param explain what an error means where it was no abort; its result is thrown
 */
export async function withConnection<C extends Connection, T>(
  connect: () => Promise<C>,
  signal: AbortSignal,
  work: (connection: C) => Promise<T>,
  explain: (error: unknown) => unknown,
): Promise<T> {
  const connection = await connect()
  const abort = () => connection.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await work(connection)
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error)
  } finally {
    signal.removeEventListener('abort', abort)
    await connection.end()
  }
}
