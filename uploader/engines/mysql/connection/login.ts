import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import type { SslOptions } from 'mysql2'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { readSecret } from '../../../config/secret.ts'
import type { ConnectionSettings } from '../settings.ts'
import type { Login } from './server.ts'

/** Reads the password and certificates that the settings name. */
export async function loginOf(settings: ConnectionSettings, signal: AbortSignal): Promise<Login> {
  return {
    address: settings.socketPath ? { path: settings.socketPath } : { host: settings.host, port: settings.port },
    user: settings.user,
    password: await readSecret(settings, signal),
    tls: settings.tls && (await tlsOf(settings.tls)),
  }
}

async function tlsOf({ caFile, verify }: { caFile?: string | undefined; verify: boolean }): Promise<SslOptions> {
  const ca = caFile === undefined ? [...rootCertificates] : await readAuthority(caFile)
  return { ca, rejectUnauthorized: verify, verifyIdentity: verify }
}

function readAuthority(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(cause => {
    throw new Failure('mysql-tls', `The file of authorities ${path} cannot be read`, {
      why: messageOf(cause),
      fix: 'Correct connection.tls.caFile',
      cause,
    })
  })
}
