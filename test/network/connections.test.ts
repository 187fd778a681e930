import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { direct } from '../support/network.ts'

test('a request for which no connection gets free ends, and the next one finds its way', async () => {
  const server = http.createServer((_request, response) => void response.write('and so on'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const connections = direct.connections(1)
  try {
    const endless = connections.request(url, { method: 'GET', timeout: 60_000 })
    endless.end()
    const [response] = (await once(endless, 'response')) as [http.IncomingMessage]
    response.on('error', () => {})
    const waiting = connections.request(url, { method: 'GET', timeout: 200 })
    waiting.end()
    await expect(once(waiting, 'response')).rejects.toThrow('no connection was free for 0.2 seconds')
    endless.destroy()
    const next = connections.request(url, { method: 'GET', timeout: 60_000 })
    next.end()
    expect(((await once(next, 'response')) as [http.IncomingMessage])[0].statusCode).toBe(200)
    next.destroy()
  } finally {
    connections.close()
    server.closeAllConnections()
    server.close()
  }
})
