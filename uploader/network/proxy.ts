import { Failure } from '../../shared/failure.ts'
import { readSecret, type SecretSource } from '../config/secret.ts'
import { exceptionsOf } from './exceptions.ts'

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
 * What the configuration says counts alone; without it the environment, as other programs read it.
 * @throws Failure `proxy-invalid`, or of the secret
 */
export async function readProxies(
  settings: ProxySettings | undefined,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ProxyFor> {
  if (settings === undefined) return fromEnvironment(env)
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

function fromEnvironment(env: NodeJS.ProcessEnv): ProxyFor {
  const proxies = {
    'http:': proxyNamed(['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'], env),
    'https:': proxyNamed(['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'], env),
  }
  const direct = exceptionsOf([...(env.no_proxy || env.NO_PROXY || '').split(','), ...thisMachine])
  return target => (direct(target) ? undefined : proxies[target.protocol === 'http:' ? 'http:' : 'https:'])
}

function proxyNamed(names: string[], env: NodeJS.ProcessEnv): HttpProxy | undefined {
  const name = names.find(name => env[name])
  if (name === undefined) return undefined
  const text = env[name]!.trim()
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const problem = proxyProblem(address)
  if (problem !== undefined)
    throw new Failure('proxy-invalid', `The proxy in the environment variable ${name} cannot be used`, {
      why: problem,
      fix: `Correct ${name}, or set network.proxy in failsafe.yaml, which counts instead of it`,
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
