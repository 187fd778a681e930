import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Notice } from '../../shared/notice.ts'

export interface Received {
  notice: Notice
  headers: IncomingMessage['headers']
  body: string
  at: Date
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A provider's webhook on this machine, which takes what is sent unless told otherwise. */
export class WebhookServer implements AsyncDisposable {
  readonly received: Received[] = []
  answer: Answer = (_request, response) => response.writeHead(204).end()
  readonly #server = createServer((request, response) => void this.#take(request, response))

  readonly #now: () => Date

  private constructor(now: () => Date) {
    this.#now = now
  }

  /** @param now the clock of who sends, where a test moves it */
  static async start(now = () => new Date()): Promise<WebhookServer> {
    const server = new WebhookServer(now)
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    this.received.push({ notice: Notice.parse(JSON.parse(body)), headers: request.headers, body, at: this.#now() })
    this.answer(request, response)
  }

  ids(): string[] {
    return this.received.map(({ notice }) => notice.id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

/** As a receiver of Standard Webhooks checks it: the signature over id, time and body, and the time itself. */
export function isSigned({ headers, body }: Received, secret: string, now: Date): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > 300) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  return String(signatures)
    .split(' ')
    .filter(signature => signature.startsWith('v1,'))
    .some(signature => {
      const given = Buffer.from(signature.slice(3), 'base64')
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
}
