import { Failure } from '../../../../shared/failure.ts'
import { StatementError } from '../connection/errors.ts'
import { asmRefused } from '../files/asm.ts'
import { FileUnreadable } from '../files/server-file.ts'
import { formOf } from '../files/server-path.ts'

const account = 'the account that failsafe runs as'

/** A file of the server that cannot be read. @param topology how files are read */
export function explainFile(error: unknown, topology: 'local' | 'remote'): unknown {
  if (!(error instanceof FileUnreadable)) return error
  const { path, how } = error
  if (formOf(path) === 'asm') return asmRefused(path, error)
  const fail = (code: string, what: string, fix: string, retriable = false) =>
    new Failure(code, what, { why: error.message, fix, retriable, cause: error })
  if (how === 'missing')
    return topology === 'local'
      ? fail(
          'oracle-file-elsewhere',
          `The server names ${path}, and there is no such file here`,
          'If it was removed meanwhile, run the backup again. Else name the place in paths, or set files: remote',
          true,
        )
      : fail('oracle-file-gone', `The server names ${path}, and cannot find it`, 'Run the backup again', true)
  if (how === 'denied')
    return fail(
      'oracle-file-denied',
      `${path} may not be read`,
      topology === 'local'
        ? `Make ${account} a member of the group that owns it (oinstall, dba), or give it an ACL`
        : 'Give the account of the server the right to read it',
    )
  return fail(
    'oracle-file-unreadable',
    `${path} cannot be read`,
    'See whether it lies on a file system of the server, and its directory is not reached by a symbolic link',
  )
}

/** The server cannot write into the exchange directory, or may not for this account. */
export function explainWrite(error: unknown, path: string): unknown {
  if (!(error instanceof StatementError)) return error
  if (error.number === 1031)
    return new Failure('oracle-missing-right', 'The account may not have the server write its control file', {
      why: error.message,
      fix: 'failsafe doctor names each right that is missing, with its GRANT',
      cause: error,
    })
  return new Failure('oracle-directory', `The server cannot write ${path}`, {
    why: error.message,
    fix: 'Make the directory that the source names in directory, on the server, and give the account of the server the right to write there',
    cause: error,
  })
}
