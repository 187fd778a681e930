import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Login } from './server.ts'

/** @param reached whether something accepted the connection at all */
export function explainConnect(error: unknown, login: Login, reached: boolean): Failure {
  const { errno, code, sqlMessage } = error as { errno?: number; code?: string; sqlMessage?: string }
  const where = 'path' in login.address ? login.address.path : `${login.address.host}:${login.address.port}`
  const why = sqlMessage ?? messageOf(error)
  switch (errno) {
    case 1045:
    case 1698:
      return new Failure('mysql-login-refused', `The MySQL server at ${where} refuses the login of ${login.user}`, {
        why,
        fix: `Check user and password: mysql -h … -u ${login.user} -p`,
        cause: error,
      })
    case 1129:
    case 1130:
      return new Failure(
        'mysql-host-refused',
        `The MySQL server at ${where} accepts no connection from this computer`,
        {
          why,
          fix: `Create the account for this computer's address, e.g. CREATE USER '${login.user}'@'this address' …`,
          cause: error,
        },
      )
    case 1040:
    case 1203:
    case 1226:
      return new Failure('mysql-too-many-connections', `The MySQL server at ${where} has no connection left`, {
        why,
        fix: 'Raise max_connections or the limit of the account, or run at a quieter time',
        retriable: true,
        cause: error,
      })
  }
  if (isTls(error))
    return new Failure('mysql-tls', `No TLS connection to the MySQL server at ${where}`, {
      why,
      fix: 'Name the authority in connection.tls.caFile, or correct the server’s certificate',
      cause: error,
    })
  if (sqlMessage !== undefined)
    return new Failure('mysql-login-refused', `The MySQL server at ${where} refuses the connection`, {
      why,
      cause: error,
    })
  if (reached)
    return new Failure('not-mysql', `What answers at ${where} is not a MySQL or MariaDB server`, {
      why: code === 'ETIMEDOUT' ? 'no greeting came within 15 seconds' : why,
      fix: 'Correct host and port of the source',
      cause: error,
    })
  return new Failure('mysql-unreachable', `The MySQL server at ${where} cannot be reached`, {
    why: unreachable(code) ?? why,
    fix: 'Check that it runs, its address and port, and what stands between (bind-address, firewall)',
    retriable: true,
    cause: error,
  })
}

function isTls(error: unknown): boolean {
  const { code = '' } = error as { code?: string }
  return /^(HANDSHAKE_|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)
}

function unreachable(code: string | undefined): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there'
    case 'ENOENT':
      return 'there is no such socket'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name is not known'
    case 'ETIMEDOUT':
      return 'no answer within 15 seconds'
    default:
      return undefined
  }
}
