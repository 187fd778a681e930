import { Failure } from '../../../../shared/failure.ts'
import { StatementError } from '../connection/errors.ts'

/** What the server's numbers mean when it refuses a backup. */
const meanings: [number, string][] = [
  [
    3154,
    'A database of this name exists and is another one: add ?overwrite=yes to the target to replace it, or ?suffix=_restored',
  ],
  [3159, 'The tail of its log is in no backup yet: save it first, as RESTORE.md says'],
  [3136, 'The differential is of another full backup than the one restored before'],
  [4305, 'A log between this one and the backup before is missing'],
  [4326, 'This log ends before the backup that was restored: it is not needed'],
  [4330, 'The log is of another recovery path: the database was restored between the two'],
  [4341, 'The log holds operations that were logged in bulk: choose a moment before or after it'],
  [3241, 'The file is not what the server wrote: fetch it again'],
  [3169, 'The backup is of a later release of SQL Server: restore it to that one or later'],
  [
    33111,
    'The database is encrypted (TDE): restore its certificate with the private key to this server first (CREATE CERTIFICATE … FROM FILE)',
  ],
  [3101, 'Somebody is in the database: end the connections'],
  [5133, 'The directory for the files is not there: name others with ?data= and ?log= at the target'],
  [
    3634,
    'The server may not write where the files are to lie: name other directories with ?data= and ?log= at the target',
  ],
  [1834, 'Another database uses a file of this name: add ?suffix=, or other directories'],
  [
    3201,
    'The server cannot read the file: give its account the right to, or add ?directory=DIR to the target, a directory that both reach',
  ],
  [262, 'The login may not restore: ALTER SERVER ROLE dbcreator ADD MEMBER …'],
]

export function explainRestore(error: unknown, database: string): unknown {
  if (!(error instanceof StatementError)) return error
  const meaning = meanings.find(([number]) => error.has(number))
  return new Failure('sqlserver-restore-refused', `${database} could not be restored`, {
    why: error.message,
    fix: meaning?.[1],
    cause: error,
  })
}
