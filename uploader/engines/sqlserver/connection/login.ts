import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import { Failure } from '../../../../shared/failure.ts'
import { readSecret } from '../../../config/secret.ts'
import type { ConnectionSettings } from '../settings.ts'

/** Everything that a connection needs. */
export interface Login {
  host: string
  /** Undefined where the instance's port is asked for by its name. */
  port: number | undefined
  instance: string | undefined
  user: string
  domain: string | undefined
  password: string
  /** The authorities to trust; undefined accepts any certificate. */
  authorities: string[] | undefined
}

/** @throws Failure for a password or a file of authorities that cannot be read */
export async function loginOf(settings: ConnectionSettings, signal: AbortSignal): Promise<Login> {
  const { host, instance, user, domain, tls } = settings
  const verify = tls.verify ?? (tls.caFile !== undefined || !isLocal(host))
  return {
    host,
    instance,
    user,
    domain,
    port: settings.port ?? (instance === undefined ? 1433 : undefined),
    password: (await readSecret(settings, signal)) ?? '',
    authorities: verify ? await authoritiesIn(tls.caFile) : undefined,
  }
}

/** Nobody listens between this machine and itself, and most servers have a certificate that they signed themselves. */
export function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** @throws Failure `sqlserver-authorities` */
export async function authoritiesIn(file: string | undefined): Promise<string[]> {
  if (file === undefined) return [...rootCertificates]
  try {
    return [await readFile(file, 'utf8')]
  } catch (cause) {
    throw new Failure('sqlserver-authorities', `The file of authorities ${file} cannot be read`, {
      fix: 'Correct tls.caFile',
      cause,
    })
  }
}

/** For messages. */
export function whereOf({ host, port, instance }: Pick<Login, 'host' | 'port' | 'instance'>): string {
  return instance === undefined ? `${host}:${port}` : `${host}\\${instance}`
}
