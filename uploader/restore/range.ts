import { once } from 'node:events'
import type http from 'node:http'
import { Failure, messageOf } from '../../shared/failure.ts'
import {
  Interrupted,
  type Range,
  rangeHeader,
  requireLength,
  requireRange,
  stall,
  UrlRefused,
} from '../../shared/restore/range.ts'
import type { Connections } from '../network/connections.ts'
import { requireFromHost } from '../network/proxy-refused.ts'

/**
 * The bytes of `range` by one ranged GET.
 * @throws UrlRefused, Interrupted, or Failure `pack-damaged`, or where a proxy or a certificate is at fault
 */
export async function* getRange(
  connections: Connections,
  address: string,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const url = new URL(address)
  const headers = { range: rangeHeader(range) }
  const request = connections.request(url, { method: 'GET', headers, signal, timeout: stall })
  request.on('timeout', () => request.destroy(new Error(`no byte for ${stall / 1000} seconds`)))
  request.end()
  try {
    const [response] = (await once(request, 'response', { signal })) as [http.IncomingMessage]
    requireFromHost(response.statusCode)
    requireRange(response.statusCode ?? 0, response.headers['content-range'] ?? null, range)
    yield* requireLength(response as AsyncIterable<Uint8Array>, range.length)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure || error instanceof UrlRefused || error instanceof Interrupted) throw error
    const failure = await connections.failure(error, url)
    if (failure && !failure.retriable) throw failure
    throw new Interrupted(failure?.line ?? messageOf(error), { cause: error })
  } finally {
    request.destroy()
  }
}
