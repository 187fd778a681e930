import type https from 'node:https'
import { Failure, messageOf } from '../../shared/failure.ts'
import { peerAt } from './peer.ts'
import type { HttpProxy } from './proxy.ts'
import { proxyWantsPassword } from './proxy-refused.ts'
import { trustSystem } from './trust.ts'

interface Way {
  url: URL
  proxy: HttpProxy | undefined
  /** Makes connections to `url`. */
  agent: https.Agent
  /** Whether a host has answered before, or a proxy has let us through. */
  worked(name: string): boolean
}

const untrusted = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH|EPROTO)/
/** The certificate may be as good as any, but nobody who is believed vouches for it. */
const unknownIssuer = /^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/

/** What the error of a request means where a proxy or a certificate is at fault. Undefined for anything else. */
export async function wayFailure(error: unknown, way: Way): Promise<Failure | undefined> {
  const cause = error instanceof AggregateError ? error.errors[0] : error
  const { code = '', syscall, statusCode } = cause as NodeJS.ErrnoException & { statusCode?: number }
  const { proxy } = way
  if (proxy && statusCode !== undefined) return proxyRefused(proxy, statusCode, way, error)
  if (proxy && (code === 'ERR_PROXY_TUNNEL' || syscall === 'connect' || syscall === 'getaddrinfo'))
    return new Failure('proxy-unreachable', `The proxy ${proxy.name} cannot be reached`, {
      why: messageOf(cause),
      fix: 'Check the proxy, and network.proxy in failsafe.yaml or the environment that names it',
      retriable: true,
      cause: error,
    })
  return untrusted.test(code) ? notTrusted(code, way, error) : undefined
}

function proxyRefused({ name }: HttpProxy, status: number, { url, worked }: Way, cause: unknown): Failure {
  if (status === proxyWantsPassword)
    return new Failure('proxy-refused', `The proxy ${name} does not let this host through`, {
      why: 'it wants another user name or password than it got (407)',
      fix: 'Give network.proxy in failsafe.yaml its user and passwordFile',
      retriable: worked(name),
      cause,
    })
  return new Failure('proxy-refused', `The proxy ${name} makes no connection to ${url.host}`, {
    why: `it answered ${status}`,
    fix: `Have ${url.host} allowed there, or list it under except of network.proxy in failsafe.yaml`,
    // Proxies say with these that they did not reach the host themselves.
    retriable: worked(url.host) || status >= 500,
    cause,
  })
}

async function notTrusted(code: string, { url, agent, worked }: Way, cause: unknown): Promise<Failure> {
  const what = `No trusted connection to ${url.origin} can be made`
  const retriable = worked(url.host)
  if (!unknownIssuer.test(code))
    return new Failure('certificate-untrusted', what, {
      why: `${messageOf(cause)} (${code})`,
      fix: 'Check the address, and the clock of this machine',
      retriable,
      cause,
    })
  trustSystem()
  const peer = await peerAt(url, agent)
  return new Failure('certificate-untrusted', what, {
    why: `nobody who is trusted here vouches for ${JSON.stringify(peer?.issuer ?? 'its issuer')} (${code})`,
    fix: 'If that is an authority of your own network, have network.caFile in failsafe.yaml name a file with its certificate',
    // With the system's authorities the next try may succeed, and so may one where there was nobody to look at.
    retriable: retriable || !peer || peer.trusted,
    cause,
  })
}
