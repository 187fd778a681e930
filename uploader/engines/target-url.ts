import { fileURLToPath } from 'node:url'
import { Failure } from '../../shared/failure.ts'

/** The address of a server that is restored into, as a person gives it: `mysql://user:password@host:3306?tls=yes`. */
export interface TargetForm {
  /** `a MySQL server` */
  what: string
  /** With their colon. */
  protocols: readonly string[]
  /** What may stand behind the `?`. */
  options: readonly string[]
  /** All that may be given, for whoever gave something else. */
  form: string
}

export interface TargetUrl {
  url: URL
  /** Without the brackets of an IPv6 address. */
  host: string
  user: string
  /** Empty where there is none. */
  password: string
  /** Undefined where it was not given. */
  get(option: string): string | undefined
}

/** @throws Failure `restore-target` */
export function parseTargetUrl(target: string, { what, protocols, options, form }: TargetForm): TargetUrl {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (!url || !protocols.includes(url.protocol) || url.username === '')
    throw targetRefused(`is not the address of ${what}`, form)
  for (const name of url.searchParams.keys())
    if (!options.includes(name)) throw targetRefused(`has an unknown option ${name}`, form)
  return {
    url,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    user: decoded(url.username, form),
    password: decoded(url.password, form),
    get: option => url.searchParams.get(option) ?? undefined,
  }
}

function decoded(text: string, form: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw targetRefused('has a % in its user or password that does not begin a sign: write it as %25', form)
  }
}

/** The path of `file:///…`, a directory that is restored into; undefined for anything else. */
export function targetDirectory(target: string): string | undefined {
  const url = URL.canParse(target) ? new URL(target) : undefined
  const isDirectory =
    url?.protocol === 'file:' && url.host === '' && url.search === '' && url.hash === '' && url.pathname !== '/'
  return isDirectory ? fileURLToPath(url) : undefined
}

export function targetRefused(what: string, form: string): Failure {
  return new Failure('restore-target', `The target ${what}`, { fix: `Give it as ${form}` })
}
