import https from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

type Made = NonNullable<Parameters<https.Agent['createConnection']>[1]>

/**
 * Connections through a proxy by CONNECT, with what Node leaves out: it neither watches a tunnel while TLS is set up in it nor keeps the
 * connection to the proxy alive, and a proxy that falls silent then would be waited for without end.
 */
export class TunnelAgent extends https.Agent {
  override createConnection(options: https.RequestOptions, made: Made): Duplex | null | undefined {
    const { timeout = 60_000 } = options
    const tunnel = super.createConnection(options, (error, socket) => {
      clearTimeout(timer)
      made(error, socket)
    })
    const timer = setTimeout(() => {
      const silent = new Error(`no connection through the proxy within ${timeout / 1000} seconds`)
      tunnel?.destroy(silent)
      made(silent, tunnel!)
    }, timeout)
    if (tunnel instanceof Socket) tunnel.setKeepAlive(true, 1000)
    return tunnel
  }
}
