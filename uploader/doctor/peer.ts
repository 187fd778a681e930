import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { type DetailedPeerCertificate, getCACertificates, type TLSSocket } from 'node:tls'

/** Who answers at an address. */
export interface Peer {
  status: number
  text: string
  /** Null without TLS. */
  certificate: {
    /** Who signed it, and the authority that it leads to in the end. */
    issuer: string
    root: string
    /** The authority is one of those that come with Node: no company's own. */
    public: boolean
    /** Why the certificate is not trusted; null where it is. */
    problem: string | null
  } | null
}

const longest = 64 * 1024

/**
 * One request without any secret, to see who answers; an answer that cannot be trusted is looked at too, so that it can be named.
 * @throws what the network says
 */
export async function lookAtPeer(url: string, signal: AbortSignal): Promise<Peer> {
  const secure = url.startsWith('https:')
  const outgoing = (secure ? https : http).request(url, { signal, agent: false, rejectUnauthorized: false })
  outgoing.on('error', () => {})
  outgoing.end()
  try {
    const [response] = (await once(outgoing, 'response', { signal })) as [http.IncomingMessage]
    const certificate = secure ? describe(response.socket as TLSSocket) : null
    let text = ''
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>)
      if (text.length < longest) text += chunk
    return { status: response.statusCode ?? 0, text, certificate }
  } finally {
    outgoing.destroy()
  }
}

function describe(socket: TLSSocket): Peer['certificate'] {
  const own = socket.getPeerCertificate(true)
  let root: DetailedPeerCertificate = own
  while (root.issuerCertificate && root.issuerCertificate !== root) root = root.issuerCertificate
  return {
    issuer: nameOf(own.issuer),
    root: nameOf(root.issuer),
    public: getCACertificates('bundled').some(pem => derOf(pem).equals(root.raw)),
    problem: socket.authorized ? null : String(socket.authorizationError),
  }
}

const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')

/** `Example Ltd, Example CA`. A field that is there several times is an array. */
function nameOf({ O, CN }: DetailedPeerCertificate['issuer']): string {
  const parts = [O, CN].flat().filter(part => part !== undefined && part !== '')
  return [...new Set(parts)].join(', ') || 'an authority without a name'
}
