import { Failure, messageOf } from '../../../../shared/failure.ts'
import { ItemFailed } from '../../item-failed.ts'
import type { StatementError } from '../connection/errors.ts'
import type { Door } from './door.ts'

const cannotOpen = 3201
const writeFailed = 3202

/** What the system of the server says of a connection that it could not make: Microsoft, "Error Messages (Winhttp.h)", and the pages on backup to S3. */
const untrusted = new Set([12_037, 12_038, 12_045, 12_057, 12_157, 12_169, 12_170, 12_175, 12_179])
const unreachable = new Set([12_002, 12_007, 12_029, 12_030])
const accessDenied = 5
const notSupported = 50
const wrongParameter = 87

/** What it means that the server could not send a backup to the door; undefined where that was not it. */
export function explainDoor(error: StatementError, { trouble }: Pick<Door, 'trouble'>): Error | undefined {
  if (!error.has(cannotOpen) && !error.has(writeFailed)) return undefined
  if (trouble !== undefined)
    return new ItemFailed('database-door', `what the server sent could not be kept: ${messageOf(trouble)}`, trouble)
  const system = Number(/(?:system error |failed: )(\d+)\(/.exec(error.message)?.[1])
  if (untrusted.has(system))
    return failure(error, 'sqlserver-door-untrusted', 'The server does not trust the certificate of the door', {
      fix: 'Give the server the certificate of door.certificateFile: on Linux as a file in /var/opt/mssql/security/ca-certificates, readable for mssql, and restart SQL Server; on Windows among the trusted root certificates of the computer',
    })
  if (unreachable.has(system) && error.has(cannotOpen))
    return failure(error, 'sqlserver-door-unreachable', 'The server cannot reach the door on 127.0.0.1', {
      fix: 'The door is for a server on this very machine, outside of a container; use directory for any other',
    })
  if (system === accessDenied)
    return failure(error, 'sqlserver-door-refused', 'The server was not let in by the door', {
      fix: 'See that nobody changes the credential of failsafe on the server while a backup runs',
    })
  if (system === notSupported)
    return failure(error, 'sqlserver-door-credential', 'The server did not find the credential for the door', {
      fix: 'See that nobody drops the credential of failsafe on the server while a backup runs, and that its edition can back up to S3',
    })
  if (error.has(writeFailed))
    return new ItemFailed(
      'database-door',
      system === wrongParameter
        ? `it is larger than its streams hold: raise door.stripes, or use directory (${error.message})`
        : `the server could not send all of it (${error.message})`,
      error,
    )
  return failure(error, 'sqlserver-door', 'The server cannot send its backups to the door', {
    fix: 'Look with: failsafe doctor; or use directory',
  })
}

function failure(cause: StatementError, code: string, what: string, { fix }: { fix: string }): Failure {
  return new Failure(code, what, { why: cause.message, fix, cause })
}
