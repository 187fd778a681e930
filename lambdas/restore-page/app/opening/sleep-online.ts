/** Waits so many milliseconds, and then until there is a network. Ends at once when the signal is aborted. @throws the signal's reason */
export async function sleepOnline(milliseconds: number, signal: AbortSignal): Promise<void> {
  do {
    await wait(milliseconds, signal)
    signal.throwIfAborted()
    milliseconds = 1000
  } while (!navigator.onLine)
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
