import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { Connections } from './connections.ts'
import { readMachineProxy } from './machine-proxy.ts'
import { type HttpProxy, type ProxyFor, type ProxySettings, readProxies } from './proxy.ts'
import { trustFile } from './trust.ts'

/** `network` of failsafe.yaml. */
export interface NetworkSettings {
  proxy?: ProxySettings | undefined
  caFile?: string | undefined
}

/** The way out of this machine: the one place where connections to a receiver and to its storage are made. */
export class Network {
  readonly #proxyFor: ProxyFor
  readonly #reached = new Set<string>()

  constructor(proxyFor: ProxyFor) {
    this.#proxyFor = proxyFor
  }

  /** The proxy that requests to an address go through. */
  proxyTo(url: URL): HttpProxy | undefined {
    return this.#proxyFor(url)
  }

  /** @param most how many connections may be open to one host */
  connections(most: number): Connections {
    return new Connections(this.#proxyFor, most, this.#reached)
  }
}

/** @throws Failure `proxy-invalid`, `proxy-unknown`, `ca-file-invalid`, or of the proxy's password */
export async function openNetwork(
  { proxy, caFile }: NetworkSettings,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Network> {
  if (caFile !== undefined) await trustFile(caFile)
  // A host with addresses of both families is tried over each. Node's own 250 ms are too few for a line by satellite.
  setDefaultAutoSelectFamilyAttemptTimeout(1000)
  const ofMachine = async () => (process.platform === 'win32' ? readMachineProxy(signal) : undefined)
  return new Network(await readProxies(proxy, env, signal, ofMachine))
}
