import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { SslOptions } from 'mysql2'
import { Failure } from '../../../../shared/failure.ts'
import { parseTargetUrl, targetRefused } from '../../target-url.ts'
import type { Login } from '../connection/server.ts'

const form =
  'mysql://user:password@host:3306, with ?tls=yes, ?tls=unverified, ?tls-ca=FILE or ?socket=PATH behind it where needed'

/** `mysql://user:password@host:port?…` or `mariadb://…` */
export function parseTarget(target: string): Login {
  const { url, host, user, password, get } = parseTargetUrl(target, {
    what: 'a MySQL server',
    protocols: ['mysql:', 'mariadb:'],
    options: ['tls', 'tls-ca', 'socket'],
    form,
  })
  const socket = get('socket')
  return {
    address: socket ? { path: socket } : { host, port: Number(url.port || 3306) },
    user,
    password: password === '' ? undefined : password,
    tls: tlsOf(get('tls'), get('tls-ca')),
  }
}

function tlsOf(tls: string | undefined, caFile: string | undefined): SslOptions | undefined {
  if (caFile !== undefined) {
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
    case undefined:
      return undefined
    case 'yes':
      return { ca: [...rootCertificates], rejectUnauthorized: true, verifyIdentity: true }
    case 'unverified':
      return { rejectUnauthorized: false }
    default:
      throw targetRefused(`has tls=${tls}`, form)
  }
}
