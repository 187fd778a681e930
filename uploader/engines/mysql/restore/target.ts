import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { SslOptions } from 'mysql2'
import { Failure } from '../../../../shared/failure.ts'
import type { Login } from '../connection/server.ts'

const form =
  'mysql://user:password@host:3306, with ?tls=yes, ?tls=unverified, ?tls-ca=FILE or ?socket=PATH behind it where needed'

/** `mysql://user:password@host:port?…` or `mariadb://…` */
export function parseTarget(target: string): Login {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (!url || !['mysql:', 'mariadb:'].includes(url.protocol) || url.username === '')
    throw new Failure('restore-target', 'The target is not the address of a MySQL server', {
      fix: `Give it as ${form}`,
    })
  for (const name of url.searchParams.keys())
    if (!['tls', 'tls-ca', 'socket'].includes(name))
      throw new Failure('restore-target', `The target has an unknown option ${name}`, { fix: `Give it as ${form}` })
  const socket = url.searchParams.get('socket')
  return {
    address: socket ? { path: socket } : { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 3306) },
    user: decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    tls: tlsOf(url.searchParams.get('tls'), url.searchParams.get('tls-ca')),
  }
}

function tlsOf(tls: string | null, caFile: string | null): SslOptions | undefined {
  if (caFile !== null) {
    try {
      return { ca: readFileSync(caFile, 'utf8'), rejectUnauthorized: true, verifyIdentity: true }
    } catch (cause) {
      throw new Failure('restore-target', `The file of authorities ${caFile} cannot be read`, {
        cause,
        fix: 'Correct ?tls-ca=',
      })
    }
  }
  switch (tls) {
    case null:
      return undefined
    case 'yes':
      return { ca: [...rootCertificates], rejectUnauthorized: true, verifyIdentity: true }
    case 'unverified':
      return { rejectUnauthorized: false }
    default:
      throw new Failure('restore-target', `The target has tls=${tls}`, { fix: `Give it as ${form}` })
  }
}
