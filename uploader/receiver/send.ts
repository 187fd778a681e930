import { once } from 'node:events'
import type http from 'node:http'
import type { Connections } from '../network/connections.ts'
import { requireFromHost } from '../network/proxy-refused.ts'

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
}

const longestAnswer = 16 * 1024 * 1024

/**
 * One small request and its whole answer. It follows no redirect, which would carry the secrets in the headers elsewhere, and
 * does without `fetch`, which costs 25 MB of memory.
 */
export async function send(
  connections: Connections,
  url: URL,
  request: { method: string; headers: Record<string, string>; body: Uint8Array; signal: AbortSignal; timeout: number },
): Promise<Answer> {
  const { method, headers, body, signal, timeout } = request
  const outgoing = connections.request(url, {
    method,
    headers: body.length === 0 ? headers : { ...headers, 'content-length': body.length },
    signal,
    timeout,
  })
  try {
    outgoing.end(body)
    const [response] = (await once(outgoing, 'response', { signal })) as [http.IncomingMessage]
    requireFromHost(response.statusCode)
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > longestAnswer) throw new Error('its answer is too long')
      chunks.push(chunk)
    }
    return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }
  } catch (error) {
    outgoing.destroy()
    throw error
  }
}
