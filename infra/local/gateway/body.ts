import type { IncomingMessage } from 'node:http'

/** Bytes that an HTTP API takes in one request. */
const requestLimit = 10 * 1024 * 1024

/** The whole body, or undefined if it is larger than the limit; the rest is then read and thrown away, so that the answer arrives. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= requestLimit) chunks.push(chunk)
    else chunks.length = 0
  }
  return size > requestLimit ? undefined : Buffer.concat(chunks, size)
}
