import { Failure, messageOf } from '../../../../shared/failure.ts'
import { ConnectionLost } from '../connection/lost.ts'
import { lostReader } from '../rows/readers.ts'
import { inComment } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'

const fix = 'Run the backup again, at a time when no job alters, truncates or drops tables'

export function databaseGone(database: string): Failure {
  return new Failure('mysql-database-changed', `The database ${inComment(database)} was dropped during the backup`, {
    why: 'what it held at the chosen moment can no longer be read',
    fix,
    retriable: true,
  })
}

/** @param table its name; it was there at the moment */
export function tableGone(database: string, table: string, cause?: unknown): Failure {
  return new Failure(
    'mysql-table-changed',
    `The table ${inComment(database)}.${inComment(table)} was dropped during the backup`,
    {
      why: 'its rows of the chosen moment can no longer be read',
      fix,
      retriable: true,
      cause,
    },
  )
}

export function tableAltered(database: string, table: string, cause?: unknown): Failure {
  return new Failure(
    'mysql-table-changed',
    `The table ${inComment(database)}.${inComment(table)} was altered during the backup`,
    {
      why: 'its rows of the chosen moment do not fit its definition any more',
      fix,
      retriable: true,
      cause,
    },
  )
}

// 1054: a column of the definition is no longer there.
const changed = [1412, 1054]
const gone = [1146, 1049, 1932]
const tooManyPrepared = 1461

/** What went wrong while rows were read, named by its table. */
export function explainRead(error: unknown, database: string, table: string): unknown {
  if (error instanceof ConnectionLost) return lostReader(error)
  if (!(error instanceof ServerError)) return error
  if (gone.includes(error.errno)) return tableGone(database, table, error)
  if (changed.includes(error.errno)) return tableAltered(database, table, error)
  if (error.errno === tooManyPrepared)
    return new Failure('mysql-statements-exhausted', 'The server prepares no more statements', {
      why: `${messageOf(error)}; rows are read through prepared statements`,
      fix: 'Raise max_prepared_stmt_count (SET GLOBAL, it needs no restart) or find the application that does not close its statements, then run the backup again',
      retriable: true,
      cause: error,
    })
  return new Failure('mysql-read-failed', `The rows of ${inComment(database)}.${inComment(table)} cannot be read`, {
    why: `error ${error.errno}: ${messageOf(error)}`,
    fix: 'Check the table on the server: CHECK TABLE …',
    cause: error,
  })
}
