import { Failure, messageOf } from '../../../../shared/failure.ts'
import {
  Interrupted,
  type Range,
  rangeHeader,
  requireLength,
  requireRange,
  stall,
  UrlRefused,
} from '../../../../shared/restore/range.ts'
import { chunksOf } from './chunks.ts'

/**
 * The bytes of `range` by one ranged GET. Who takes them slowly slows the vault down.
 * @param patience milliseconds without a byte after which the connection counts as dead
 * @throws UrlRefused, Interrupted, or Failure `pack-damaged`
 */
export async function* getRange(
  url: string,
  range: Range,
  signal: AbortSignal,
  patience = stall,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stop = new AbortController()
  const inTime = <T>(answer: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => stop.abort(new Interrupted(`no byte for ${patience / 1000} seconds`)), patience)
    return answer.finally(() => clearTimeout(timer))
  }
  try {
    const response = await inTime(
      fetch(url, {
        headers: { range: rangeHeader(range) },
        signal: AbortSignal.any([signal, stop.signal]),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
      }),
    )
    requireRange(response.status, response.headers.get('content-range'), range)
    yield* requireLength(timed(chunksOf(response.body!), inTime), range.length)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure || error instanceof UrlRefused || error instanceof Interrupted) throw error
    throw new Interrupted(messageOf(error), { cause: error })
  } finally {
    stop.abort()
  }
}

async function* timed<T>(items: AsyncGenerator<T, void, undefined>, inTime: <R>(answer: Promise<R>) => Promise<R>) {
  try {
    for (;;) {
      const { done, value } = await inTime(items.next())
      if (done) return
      yield value
    }
  } finally {
    await items.return()
  }
}
