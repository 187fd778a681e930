import type https from 'node:https'
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { TunnelAgent } from './tunnel-agent.ts'

/** How long a look at a certificate may take. */
const timeout = 10_000

export interface Peer {
  /** Whether what is trusted by now vouches for its certificate. */
  trusted: boolean
  /** The name of the authority that the certificate leads to, to be looked for. */
  issuer: string | undefined
}

/**
 * Looks at the certificate of a host. An error of Node does not say who has issued it, so that a connection of its own is made: one that believes
 * everything, and over which nothing is sent. Undefined where there is none to be had.
 */
export async function peerAt(url: URL, agent: https.Agent): Promise<Peer | undefined> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const servername = isIP(host) === 0 ? host : ''
  let socket: TLSSocket | undefined
  try {
    socket = await connected(agent, { host, port: url.port || 443, servername, rejectUnauthorized: false, timeout })
    const { issuer } = last(socket.getPeerCertificate(true))
    return { trusted: socket.authorized, issuer: [issuer.CN ?? issuer.OU ?? issuer.O].flat()[0] }
  } catch {
    return undefined // the error that led here is told without it
  } finally {
    socket?.destroy()
  }
}

function connected(agent: https.Agent, options: https.RequestOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const made = agent.createConnection(options, (error, socket) => {
      if (error) reject(error)
      else resolve(socket as TLSSocket)
    })
    if (agent instanceof TunnelAgent) return
    made?.once('secureConnect', () => resolve(made as TLSSocket))
    made?.once('error', reject)
    made?.once('timeout', () => made.destroy(new Error('silent')))
  })
}

/** Up to the topmost certificate that was shown. */
function last(certificate: DetailedPeerCertificate): DetailedPeerCertificate {
  const { issuerCertificate: above } = certificate
  return above === undefined || above.fingerprint256 === certificate.fingerprint256 ? certificate : last(above)
}
