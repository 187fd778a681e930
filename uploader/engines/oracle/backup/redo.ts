import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import { text, textOrNull } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { StatementError, TimedOut } from '../connection/errors.ts'
import { number } from '../connection/row.ts'
import { type ArchivedLog, type Gap, isGap, logsBetween, logsIn } from '../logs/archived-log.ts'
import { archiveCurrent } from '../statements/backup.ts'
import * as discovery from '../statements/discovery.ts'
import type { TakenThread } from './entry.ts'

/** Where each thread writes: its current log begins at this SCN. */
export type Currents = Map<number, string>

export async function currentLogs(control: Control, signal: AbortSignal): Promise<Currents> {
  const rows = await control.query(discovery.currentLogs, { signal })
  return new Map(rows.map(row => [number(row, 'thread'), text(row, 'first_scn')]))
}

/** Every thread goes on in its next log, and what it left is archived. @throws Failure `oracle-archiver-stuck` */
export async function archive(control: Control, timeout: number, signal: AbortSignal): Promise<void> {
  try {
    await control.run(archiveCurrent, { signal, timeout })
  } catch (error) {
    if (error instanceof TimedOut || (error instanceof StatementError && archiverErrors.has(error.number)))
      throw await stuck(control, error)
    throw error
  }
}

const archiverErrors = new Set([257, 16_014, 16_038, 19_502, 19_809])

async function stuck(control: Control, cause: Error): Promise<Failure> {
  const rows = await control.query(discovery.archiveDestinations).catch(() => [])
  const failed = rows.flatMap(row => {
    const error = textOrNull(row, 'error')
    return error === null ? [] : [`${text(row, 'name')}: ${error}`]
  })
  return new Failure('oracle-archiver-stuck', 'The database cannot archive its redo', {
    why: failed.length > 0 ? failed.join('; ') : cause.message,
    fix: 'Make room where archived logs are written; the database stops when its online logs are full',
    retriable: true,
    cause,
  })
}

/** How long rows of what was just archived are waited for: another instance archives its own thread. */
export interface Waiting {
  attempts: number
  /** Milliseconds. */
  pause: number
}

/** All logs of a thread from one SCN to another. @returns a gap where one is missing */
export async function logsOf(
  control: Control,
  { thread, from, to }: Omit<TakenThread, 'logs'>,
  waiting: Waiting,
  signal: AbortSignal,
): Promise<ArchivedLog[] | Gap> {
  for (let attempt = 1; ; attempt++) {
    const rows = await control.query(discovery.archivedLogs(thread, from), { signal })
    const found = logsBetween(logsIn(rows, thread), thread, from, to)
    if (!isGap(found) || !found.atEnd || attempt >= waiting.attempts) return found
    await setTimeout(waiting.pause, undefined, { signal })
  }
}
