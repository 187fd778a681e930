import { once } from 'node:events'
import type http from 'node:http'
import { type DetailedPeerCertificate, getCACertificates, TLSSocket } from 'node:tls'
import type { Connections } from '../network/connections.ts'
import { requireFromHost } from '../network/proxy-refused.ts'

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
  } | null
}

const longest = 64 * 1024
/** Of the connection, milliseconds; the caller's signal says how long it waits in all. */
const silence = 60_000

/**
 * One request without any secret, to see who answers.
 * @throws Failure of a proxy or a certificate on the way; else what the network says
 */
export async function lookAtPeer(url: URL, connections: Connections, signal: AbortSignal): Promise<Peer> {
  try {
    return await look(url, connections, signal)
  } catch (error) {
    signal.throwIfAborted()
    const failure = await connections.failure(error, url)
    if (!failure?.retriable) throw failure ?? error
    // The authorities of the system are asked once the others were not enough.
    return await look(url, connections, signal).catch(async again => {
      throw (await connections.failure(again, url)) ?? again
    })
  }
}

async function look(url: URL, connections: Connections, signal: AbortSignal): Promise<Peer> {
  const outgoing = connections.request(url, { signal, timeout: silence })
  outgoing.end()
  try {
    const [response] = (await once(outgoing, 'response', { signal })) as [http.IncomingMessage]
    requireFromHost(response.statusCode)
    const certificate = response.socket instanceof TLSSocket ? describe(response.socket) : null
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
  }
}

const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')

/** `Example Ltd, Example CA`. A field that is there several times is an array. */
function nameOf({ O, CN }: DetailedPeerCertificate['issuer']): string {
  const parts = [O, CN].flat().filter(part => part !== undefined && part !== '')
  return [...new Set(parts)].join(', ') || 'an authority without a name'
}
