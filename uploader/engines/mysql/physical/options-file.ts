import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { writeNew } from '../../../files/write.ts'
import type { Login } from '../connection/server.ts'
import type { Flavour } from '../inventory.ts'
import type { ConnectionSettings } from '../settings.ts'

/**
 * Writes the login for the backup program, so that no password is on its command line. For this account only, in a directory that goes with the run.
 * @returns its path
 */
export async function writeOptionsFile(
  directory: string,
  flavour: Flavour,
  { address, user, password }: Pick<Login, 'address' | 'user' | 'password'>,
  tls: ConnectionSettings['tls'],
): Promise<string> {
  const options: [string, string][] = [['user', user]]
  if (password !== undefined) options.push(['password', password])
  if ('path' in address) options.push(['socket', address.path])
  // To the client library `localhost` means the socket.
  else options.push(['host', address.host === 'localhost' ? '127.0.0.1' : address.host], ['port', String(address.port)])
  if (tls) options.push(...(await tlsOptions(directory, flavour, tls)))
  const lines = options.map(([name, value]) => `${name}=${quoted(value)}`)
  // Where our own connection has no TLS, neither has the program's. (MySQL's would then not log in with caching_sha2_password.)
  if (!tls && flavour === 'mariadb') lines.push('skip-ssl')
  const path = join(directory, 'login.cnf')
  await writeNew(path, `[client]\n${lines.join('\n')}\n`)
  return path
}

/** As an option file has it: in quotes a # begins no comment, and blanks at the ends stay. */
function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, char => `\\${char}`)}"`
}

async function tlsOptions(
  directory: string,
  flavour: Flavour,
  { caFile, verify }: NonNullable<ConnectionSettings['tls']>,
): Promise<[string, string][]> {
  const authorities = caFile ?? join(directory, 'authorities.pem')
  if (caFile === undefined) await writeNew(authorities, rootCertificates.join('\n'))
  if (flavour === 'mysql')
    return [
      ['ssl-ca', authorities],
      ['ssl-mode', verify ? 'VERIFY_IDENTITY' : 'REQUIRED'],
    ]
  return [
    ['ssl-ca', authorities],
    ['ssl-verify-server-cert', verify ? '1' : '0'],
  ]
}
