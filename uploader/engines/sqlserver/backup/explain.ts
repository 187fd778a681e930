import { Failure } from '../../../../shared/failure.ts'
import { ItemFailed } from '../../item-failed.ts'
import { Cancelled, StatementError } from '../connection/errors.ts'
import type { Database } from '../inventory.ts'
import { quoteName } from '../statements/quote.ts'
import type { ExchangeFile } from './exchange.ts'
import { Stalled } from './watch.ts'
import type { Attempt } from './way.ts'

/** What the server's numbers mean for one database. The first that is among the messages counts. */
const meanings: [number, string, (database: Database) => string][] = [
  [911, 'database-gone', () => 'it is gone: somebody dropped or renamed it'],
  [942, 'database-offline', () => 'it was set offline'],
  [927, 'database-restoring', () => 'somebody is restoring it'],
  [952, 'database-busy', () => 'it is in transition: somebody changes its state'],
  [
    916,
    'database-denied',
    ({ name }) => `the login has no user in it: USE ${quoteName(name)}; CREATE USER … FOR LOGIN …`,
  ],
  [
    262,
    'database-denied',
    ({ name }) => `the login may not back it up: USE ${quoteName(name)}; ALTER ROLE db_backupoperator ADD MEMBER …`,
  ],
  [3023, 'database-busy', () => 'another backup, or a change of its files, was under way all the time'],
  [3036, 'database-standby', () => 'it is a standby copy'],
  [4208, 'database-simple', () => 'its recovery model is SIMPLE now'],
  [4214, 'database-no-chain', () => 'there is no full backup that a log could follow'],
  [3035, 'database-no-base', () => 'there is no full backup that a differential could build on'],
  [3043, 'database-damaged', ({ name }) => `a page of it has a wrong checksum: DBCC CHECKDB (${quoteName(name)})`],
  [3202, 'directory-full', () => 'the exchange directory has no room for its backup file'],
  [3189, 'database-unverified', () => 'the server could not verify the file that it had written'],
  [3241, 'database-unverified', () => 'the server could not verify the file that it had written'],
  [3242, 'database-unverified', () => 'the server could not verify the file that it had written'],
  [3203, 'database-unverified', () => 'the server could not read the file that it had written'],
]

/**
 * What went wrong with the backup of one database.
 * @returns ItemFailed where only this database is concerned; a Failure where all others would fail as well; anything else as it is
 */
export function explainBackup(error: unknown, database: Database, attempt: Pick<Attempt, 'explain'>): unknown {
  if (error instanceof Stalled) return new ItemFailed('database-stalled', `${error.message}: it was stopped`, error)
  if (error instanceof Cancelled)
    return new ItemFailed('database-cancelled', 'somebody stopped its backup on the server', error)
  if (!(error instanceof StatementError)) return error
  const refused = attempt.explain(error)
  if (refused) return refused
  const meaning = meanings.find(([number]) => error.has(number))
  if (!meaning) return new ItemFailed('database-failed', error.message, error)
  const [, code, words] = meaning
  return new ItemFailed(code, `${words(database)} (${error.message})`, error)
}

export function directoryDenied(error: StatementError, { onServer }: Pick<ExchangeFile, 'onServer'>): Failure {
  const missing = /error [23]\(/.test(error.message)
  return new Failure('sqlserver-directory-denied', `The server cannot write ${onServer}`, {
    why: error.message,
    fix: missing
      ? 'Make the directory where the server runs, or correct directoryOnServer'
      : 'Give the account that the server runs as the right to write there: failsafe doctor says how',
    cause: error,
  })
}
