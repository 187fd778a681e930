import { Failure } from '../../shared/failure.ts'
import { readSecret, type SecretSource } from '../config/secret.ts'
import { exceptionsOf } from './exceptions.ts'
import type { MachineProxy } from './machine-proxy.ts'

/** In the place of a proxy's address: every way is direct, whatever the environment says. */
export const noProxy = 'none'

/** `network.proxy` of failsafe.yaml. */
export interface ProxySettings extends SecretSource {
  url: string
  user?: string | undefined
  /** Reached without it, as in NO_PROXY. */
  except?: string[] | undefined
}

/** A proxy that speaks HTTP. Only `name` may be shown: `url` holds the password. */
export interface HttpProxy {
  url: string
  name: string
}

/** The proxy that leads to an address, or undefined where the way is direct. */
export type ProxyFor = (url: URL) => HttpProxy | undefined

/** What is on this machine is never asked of a proxy because the environment names one. */
const thisMachine = ['localhost', '127.0.0.0/8', '::1']

/**
 * What the configuration says counts alone; without it the environment, as other programs read it; where that names none, what the machine has for its services.
 * @throws Failure `proxy-invalid`, or of the secret
 */
export async function readProxies(
  settings: ProxySettings | undefined,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  ofMachine: () => Promise<MachineProxy | undefined> = async () => undefined,
): Promise<ProxyFor> {
  if (settings === undefined) {
    if (names.all.some(name => env[name])) return fromEnvironment(env)
    const machine = await ofMachine()
    return machine ? fromMachine(machine) : () => undefined
  }
  if (settings.url === noProxy) return () => undefined
  const { url: address, user, except = [], ...secret } = settings
  const url = new URL(address)
  const password = await readSecret(secret, signal)
  if (user !== undefined) url.username = encodeURIComponent(user)
  if (password !== undefined) url.password = encodeURIComponent(password)
  const proxy = { url: url.href, name: url.origin }
  const direct = exceptionsOf(except)
  return target => (direct(target) ? undefined : proxy)
}

const names = {
  http: ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
  https: ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
  get all() {
    return [...this.http, ...this.https]
  },
}

function fromEnvironment(env: NodeJS.ProcessEnv): ProxyFor {
  const proxyNamed = (among: string[]) => {
    const name = among.find(name => env[name])
    return name === undefined ? undefined : proxyAt(env[name]!, `the environment variable ${name}`, `Correct ${name}`)
  }
  const proxies = { http: proxyNamed(names.http), https: proxyNamed(names.https) }
  const direct = exceptionsOf([...(env.no_proxy || env.NO_PROXY || '').split(','), ...thisMachine])
  return target => (direct(target) ? undefined : proxies[schemeOf(target)])
}

function fromMachine({ servers, except }: MachineProxy): ProxyFor {
  const given = servers.split(/[;\s]+/).filter(text => text !== '')
  const proxyOf = (scheme: 'http' | 'https') => {
    const own = given.find(text => text.toLowerCase().startsWith(`${scheme}=`))
    const address = own?.slice(scheme.length + 1) ?? given.find(text => !text.includes('='))
    if (address === undefined) return undefined
    return proxyAt(address, 'the WinHTTP settings of this machine', 'Correct it with netsh winhttp set proxy')
  }
  const proxies = { http: proxyOf('http'), https: proxyOf('https') }
  const direct = exceptionsOf([...except.split(/[;\s]+/), ...thisMachine])
  return target => (direct(target) ? undefined : proxies[schemeOf(target)])
}

const schemeOf = ({ protocol }: URL) => (protocol === 'http:' ? 'http' : 'https')

function proxyAt(text: string, where: string, fix: string): HttpProxy {
  const trimmed = text.trim()
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`
  const problem = proxyProblem(address)
  if (problem !== undefined)
    throw new Failure('proxy-invalid', `The proxy in ${where} cannot be used`, {
      why: problem,
      fix: `${fix}, or set network.proxy in failsafe.yaml, which counts instead of it`,
    })
  const url = new URL(address)
  return { url: url.href, name: url.origin }
}

/** Why this is no address of a proxy, or undefined where it is one; never with what it holds. */
export function proxyProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'it is not a web address'
  const { protocol, username, password } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:')
    return `a proxy of the kind ${protocol.slice(0, -1)} is not supported; it must begin with http:// or https://`
  try {
    decodeURIComponent(username + password)
  } catch {
    return 'a percent sign in its user name or password must be written %25'
  }
  return undefined
}
