import http from 'node:http'
import https from 'node:https'
import type { Failure } from '../../shared/failure.ts'
import { wayFailure } from './failures.ts'
import type { HttpProxy, ProxyFor } from './proxy.ts'
import { proxyWantsPassword } from './proxy-refused.ts'
import { TunnelAgent } from './tunnel-agent.ts'

interface Agents {
  'http:': http.Agent
  'https:': https.Agent
}

/** HTTP connections that are kept between requests, through the proxy where one leads to the address. `close` when they are not needed any more. */
export class Connections {
  readonly #proxyFor: ProxyFor
  readonly #options: http.AgentOptions
  readonly #direct: Agents
  readonly #proxied = new Map<HttpProxy, Agents>()
  readonly #reached: Set<string>

  /**
   * @param most how many connections may be open to one host
   * @param reached the hosts that have answered, and the proxies on the way to them
   */
  constructor(proxyFor: ProxyFor, most: number, reached: Set<string>) {
    this.#proxyFor = proxyFor
    this.#reached = reached
    this.#options = { keepAlive: true, maxSockets: most }
    this.#direct = { 'http:': new http.Agent(this.#options), 'https:': new https.Agent(this.#options) }
  }

  /**
   * Begins a request, which the caller watches to its end: `failure` says what its errors mean.
   * @param options `timeout` in milliseconds, also for the wait until a connection is free
   */
  request(
    url: URL,
    options: Pick<http.RequestOptions, 'method' | 'headers' | 'signal'> & { timeout: number },
  ): http.ClientRequest {
    const agents = this.#agentsTo(url)
    const outgoing =
      url.protocol === 'http:'
        ? http.request(url, { ...options, agent: agents['http:'] })
        : https.request(url, { ...options, agent: agents['https:'] })
    const waiting = setTimeout(() => {
      const error = new Error(`no connection was free for ${options.timeout / 1000} seconds`)
      outgoing.destroy(error)
      // Node tells of it only when it has a connection for the request after all.
      outgoing.emit('error', error)
    }, options.timeout)
    // Nor of one that was given up in the queue: that must not keep the process.
    waiting.unref()
    outgoing.once('socket', () => clearTimeout(waiting))
    outgoing.once('close', () => clearTimeout(waiting))
    // A request that was given up may complain once more.
    outgoing.on('error', () => {})
    outgoing.once('response', ({ statusCode }) => {
      if (statusCode === proxyWantsPassword) return
      this.#reached.add(url.host)
      const proxy = this.#proxyFor(url)
      if (proxy) this.#reached.add(proxy.name)
    })
    return outgoing
  }

  /**
   * What the error of a request means where the way to the host is at fault: a proxy, or a certificate that is not trusted. Undefined for anything else.
   * Another try may help where it worked before; what never did is a setting, and no try changes it.
   */
  async failure(error: unknown, url: URL): Promise<Failure | undefined> {
    const worked = (name: string) => this.#reached.has(name)
    return wayFailure(error, { url, proxy: this.#proxyFor(url), agent: this.#agentsTo(url)['https:'], worked })
  }

  close(): void {
    for (const agents of [this.#direct, ...this.#proxied.values()]) {
      agents['http:'].destroy()
      agents['https:'].destroy()
    }
  }

  #agentsTo(url: URL): Agents {
    const proxy = this.#proxyFor(url)
    if (!proxy) return this.#direct
    const known = this.#proxied.get(proxy)
    if (known) return known
    const options = { ...this.#options, proxyEnv: { http_proxy: proxy.url, https_proxy: proxy.url } }
    const agents = { 'http:': new http.Agent(options), 'https:': new TunnelAgent(options) }
    this.#proxied.set(proxy, agents)
    return agents
  }
}
