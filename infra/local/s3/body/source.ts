import type { IncomingMessage } from 'node:http'
import { decodeAwsChunked } from './aws-chunked.ts'

/** The bytes of a body. Leaving the loop early keeps the connection, so that a refusal still reaches the client. */
export function bodyOf(
  request: IncomingMessage,
  chunked: boolean,
  trailers: Map<string, string>,
): AsyncIterable<Buffer> {
  const raw: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false })
  return chunked ? decodeAwsChunked(raw, trailers) : raw
}

/**
 * Reads on to the end, so that the client, which is still sending, can read the refusal instead of a reset.
 * @returns false if the body is larger than `limit` bytes: the connection must be closed
 */
export async function drain(request: IncomingMessage, limit: number): Promise<boolean> {
  if (request.readableEnded) return true
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > limit) return false
  }
  return true
}
