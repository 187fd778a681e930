import { Failure, messageOf } from '../../../../shared/failure.ts'
import { type Login, whereOf } from './login.ts'

/** Words of TLS libraries for a certificate that does not prove who answers. */
const untrusted = /self.signed|certificate|unable to verify|altnames|hostname\/ip/i

/** @param code the driver's */
export function explainConnect(error: unknown, login: Login): Failure {
  const { code, number } = error as { code?: string; number?: number }
  const where = whereOf(login)
  const why = messageOf(error)
  if (code === 'ELOGIN' || number === 18456)
    return new Failure('sqlserver-login-refused', `The SQL Server at ${where} refuses the login of ${login.user}`, {
      why,
      fix: 'Check user and password, and that the server allows SQL Server authentication (mixed mode) or name the domain of a Windows account',
      cause: error,
    })
  if (code === 'EINSTLOOKUP')
    return new Failure('sqlserver-instance', `No instance ${login.instance} answers on ${login.host}`, {
      why,
      fix: 'Start SQL Server Browser there and open UDP 1434, or give connection.port instead of instance',
      retriable: true,
      cause: error,
    })
  if (untrusted.test(why))
    return new Failure('sqlserver-tls', `The certificate of the SQL Server at ${where} is not trusted`, {
      why,
      fix: 'Name its authority in connection.tls.caFile, or give the server a certificate for its name; tls: { verify: false } accepts any',
      cause: error,
    })
  return new Failure('sqlserver-unreachable', `The SQL Server at ${where} cannot be reached`, {
    why,
    fix: 'Check that it runs, that TCP/IP is enabled for it, its address and port, and what stands between',
    retriable: true,
    cause: error,
  })
}
