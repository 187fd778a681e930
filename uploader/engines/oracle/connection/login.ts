import { isIP } from 'node:net'
import { readSecret } from '../../../config/secret.ts'
import type { ConnectionSettings } from '../settings.ts'
import { readWallet } from './wallet.ts'

/** Everything that a connection needs. */
export interface Login {
  host: string
  port: number
  service: string | undefined
  sid: string | undefined
  user: string
  password: string
  as: ConnectionSettings['as']
  /** Speaks TCPS. `wallet`: PEM; undefined for the authorities of the program. */
  tls: { wallet: string | undefined } | undefined
}

/** @throws Failure for a password that cannot be read, or a wallet */
export async function loginOf(settings: ConnectionSettings, signal: AbortSignal): Promise<Login> {
  const { host, port, service, sid, user, as, tls } = settings
  const password = (await readSecret(settings, signal)) ?? ''
  return { host, port, service, sid, user, as, password, tls: tls && { wallet: await readWallet(tls) } }
}

export function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** In the long form: the short one takes no SID, and reads a bare word as a name of tnsnames.ora. */
export function descriptorOf({ host, port, service, sid, tls }: Login): string {
  const data = service === undefined ? `(SID=${sid})` : `(SERVICE_NAME=${service})`
  const protocol = tls ? 'tcps' : 'tcp'
  return `(DESCRIPTION=(ADDRESS=(PROTOCOL=${protocol})(HOST=${host})(PORT=${port}))(CONNECT_DATA=${data}))`
}

/** For messages. */
export function whereOf({ host, port, service, sid }: Login): string {
  return `${host}:${port}/${service ?? sid}`
}
