import { quoteName, quoteText } from './quote.ts'
import { statement } from './statement.ts'

export const beginBackup = statement('ALTER DATABASE BEGIN BACKUP')
export const endBackup = statement('ALTER DATABASE END BACKUP')

/** Of the container that the session is in. */
export const beginTablespace = (tablespace: string) =>
  statement(`ALTER TABLESPACE ${quoteName(tablespace)} BEGIN BACKUP`)
export const endTablespace = (tablespace: string) => statement(`ALTER TABLESPACE ${quoteName(tablespace)} END BACKUP`)
export const enterContainer = (container: string) => statement(`ALTER SESSION SET CONTAINER = ${quoteName(container)}`)

export const openContainer = (container: string, mode: string) =>
  statement(
    `ALTER PLUGGABLE DATABASE ${quoteName(container)} OPEN ${mode === 'READ ONLY' ? 'READ ONLY' : 'READ WRITE'}`,
  )

/** All threads go on in their next log; it ends when what they left is archived. */
export const archiveCurrent = statement('ALTER SYSTEM ARCHIVE LOG CURRENT')

export const copyControlFile = (path: string) =>
  statement(`ALTER DATABASE BACKUP CONTROLFILE TO ${quoteText(path)} REUSE`)
export const traceControlFile = (path: string) =>
  statement(`ALTER DATABASE BACKUP CONTROLFILE TO TRACE AS ${quoteText(path)} REUSE`)
export const createParameterFile = (path: string, from: 'SPFILE' | 'MEMORY') =>
  statement(`CREATE PFILE = ${quoteText(path)} FROM ${from}`)

/** What a parameter file would hold, for an account that may have none written. */
export const specifiedParameters = statement(`
SELECT sid, name, display_value AS value FROM v$spparameter WHERE isspecified = 'TRUE' ORDER BY name, ordinal
`)
