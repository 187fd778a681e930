import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certificate } from '../../network/certificates.ts'
import type { Release } from './protocol/release.ts'
import { Session } from './protocol/session.ts'
import type { OracleServer } from './server.ts'

export interface Listener {
  port: number
  /** Cuts every connection, as a crash of the server would. */
  cut(): void
  /** @throws what a client wrote that was not understood */
  close(): Promise<void>
}

/** Listens on 127.0.0.1 and speaks for `server`. @param tls certificate and key, for one that speaks TCPS */
export async function listen(
  server: OracleServer,
  release: Release,
  { port = 0, tls }: { port?: number; tls?: Certificate | undefined } = {},
): Promise<Listener> {
  const sockets = new Set<Socket>()
  const sessions = new Set<Promise<void>>()
  const mistakes: unknown[] = []
  const serve = (socket: Socket) => {
    sockets.add(socket)
    const session = new Session(socket, server, release)
      .serve()
      .catch(error => void mistakes.push(error))
      .finally(() => {
        sockets.delete(socket)
        sessions.delete(session)
      })
    sessions.add(session)
  }
  const net = tls ? createTlsServer(tls, serve) : createServer({ noDelay: true }, serve)
  net.listen(port, '127.0.0.1')
  await once(net, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (net.address() as AddressInfo).port,
    cut,
    close: async () => {
      net.close()
      cut()
      await Promise.all(sessions)
      if (mistakes.length > 0) throw mistakes[0]
    },
  }
}
