import { once } from 'node:events'
import type http from 'node:http'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { Connections } from '../network/connections.ts'
import { requireFromHost } from '../network/proxy-refused.ts'

/** A signed URL was refused: usually it has expired, and the receiver signs another. */
export class UrlRefused extends Error {}

/** Something that another attempt may get over. */
export class Interrupted extends Error {}

/** Without a single byte for so long (milliseconds), a connection counts as dead. */
const stall = 60_000

/**
 * The bytes from `offset` on, `length` of them, by one ranged GET.
 * @param size of the whole object as the manifest says; another one means that it is not the object that was committed
 * @throws UrlRefused, Interrupted, or Failure `pack-damaged`, or where a proxy or a certificate is at fault
 */
export async function* getRange(
  connections: Connections,
  address: string,
  { offset, length, size }: { offset: number; length: number; size: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const url = new URL(address)
  const headers = { range: `bytes=${offset}-${offset + length - 1}` }
  const request = connections.request(url, { method: 'GET', headers, signal, timeout: stall })
  request.on('timeout', () => request.destroy(new Error(`no byte for ${stall / 1000} seconds`)))
  request.end()
  try {
    const [response] = (await once(request, 'response', { signal })) as [http.IncomingMessage]
    requireFromHost(response.statusCode)
    requireRange(response, offset, length, size)
    let received = 0
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      received += chunk.length
      if (received > length) throw new Interrupted('more bytes than asked for')
      yield chunk
    }
    if (received < length) throw new Interrupted(`the connection ended after ${received} of ${length} bytes`)
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

function requireRange(response: http.IncomingMessage, offset: number, length: number, size: number): void {
  const { statusCode = 0 } = response
  switch (statusCode) {
    case 206: {
      const expected = `bytes ${offset}-${offset + length - 1}/${size}`
      if (response.headers['content-range'] !== expected)
        throw packDamaged(`the vault has "${response.headers['content-range']}" where the manifest says "${expected}"`)
      return
    }
    case 401:
    case 403:
      throw new UrlRefused(`the vault answered ${statusCode}`)
    case 404:
      throw packDamaged('it is no longer in the vault')
    case 416:
      throw packDamaged('it is shorter than the manifest says')
    default:
      throw new Interrupted(`the vault answered ${statusCode}`)
  }
}

function packDamaged(why: string): Failure {
  return new Failure('pack-damaged', 'A pack is damaged', { why })
}
