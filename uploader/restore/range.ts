import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { Failure, messageOf } from '../../shared/failure.ts'

/** A signed URL was refused: usually it has expired, and the receiver signs another. */
export class UrlRefused extends Error {}

/** Something that another attempt may get over. */
export class Interrupted extends Error {}

/** Without a single byte for so long (milliseconds), a connection counts as dead. */
const stall = 60_000

const options = { keepAlive: true, maxSockets: 16 }
const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }

/**
 * The bytes from `offset` on, `length` of them, by one ranged GET.
 * @param size of the whole object as the manifest says; another one means that it is not the object that was committed
 * @throws UrlRefused, Interrupted, or Failure `pack-damaged`
 */
export async function* getRange(
  url: string,
  { offset, length, size }: { offset: number; length: number; size: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { protocol } = new URL(url)
  const secure = protocol === 'https:'
  const request = (secure ? https : http).get(url, {
    agent: secure ? agents['https:'] : agents['http:'],
    headers: { range: `bytes=${offset}-${offset + length - 1}` },
    signal,
  })
  // What goes wrong is thrown by the waits below; a request that is given up may complain once more.
  request.on('error', () => {})
  request.setTimeout(stall, () => request.destroy(new Error(`no byte for ${stall / 1000} seconds`)))
  try {
    const [response] = (await once(request, 'response', { signal })) as [http.IncomingMessage]
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
    throw new Interrupted(messageOf(error), { cause: error })
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
