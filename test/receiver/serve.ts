import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestReceiver } from './support.ts'

/** What the line does to a request: loses it before the receiver has it, or loses the answer. */
export type Line = (request: Request) => 'lose-request' | 'lose-answer' | undefined

/** An in-process receiver behind an address of this machine, for programs that speak HTTP. */
export async function serve(receiver: Pick<TestReceiver, 'send'>) {
  const seen: string[] = []
  const served = { line: (() => undefined) as Line }
  const server = http.createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    seen.push(`${incoming.method} ${incoming.url}`)
    const bodiless = incoming.method === 'GET' || chunks.length === 0
    const request = new Request(`https://receiver.test${incoming.url}`, {
      method: incoming.method!,
      headers: incoming.headers as Record<string, string>,
      ...(bodiless ? {} : { body: Buffer.concat(chunks) }),
    })
    const fate = served.line(request)
    if (fate === 'lose-request') return void outgoing.destroy()
    const { status, text, headers } = await receiver.send(request)
    if (fate === 'lose-answer') return void outgoing.destroy()
    outgoing.writeHead(status, Object.fromEntries(headers)).end(text)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(served, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  })
}
