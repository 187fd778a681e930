import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import { text, textOrNull } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { StatementError, TimedOut } from '../connection/errors.ts'
import { number } from '../connection/row.ts'
import { type ArchivedLog, type Gap, isGap, logsBetween, logsIn, type Wanted } from '../logs/archived-log.ts'
import type { LogsByName } from '../logs/by-name.ts'
import { archiveCurrent } from '../statements/backup.ts'
import * as discovery from '../statements/discovery.ts'

/** Where each thread writes: its current log, and the SCN that it begins at. */
export type Currents = Map<number, { scn: string; sequence: number }>

export async function currentLogs(control: Control, signal: AbortSignal): Promise<Currents> {
  const rows = await control.query(discovery.currentLogs, { signal })
  return new Map(
    rows.map(row => [number(row, 'thread'), { scn: text(row, 'first_scn'), sequence: number(row, 'sequence') }]),
  )
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

/** Where logs are found that the server does not list, or lists no copy of. */
export interface Elsewhere {
  byName: Pick<LogsByName, 'find'>
  /** Whether a log is taken that has no copy any more. */
  mayLackCopies: (log: ArchivedLog) => boolean
}

/** All logs of a thread from one SCN to another. @returns a gap where one is missing */
export async function logsOf(
  control: Control,
  wanted: Wanted,
  elsewhere: Elsewhere,
  waiting: Waiting,
  signal: AbortSignal,
): Promise<ArchivedLog[] | Gap> {
  const { thread, from } = wanted
  for (let attempt = 1; ; attempt++) {
    const logs = logsIn(await control.query(discovery.archivedLogs(thread, from), { signal }), thread)
    const found = logsBetween(logs, wanted, elsewhere.mayLackCopies)
    if (!isGap(found)) return found
    // The newest is waited for.
    if (!found.atEnd || attempt >= waiting.attempts) return withOthers(logs, wanted, elsewhere, signal)
    await setTimeout(waiting.pause, undefined, { signal })
  }
}

/** Each that is missing is looked for by its name. */
async function withOthers(
  listed: readonly ArchivedLog[],
  wanted: Wanted,
  { byName, mayLackCopies }: Elsewhere,
  signal: AbortSignal,
): Promise<ArchivedLog[] | Gap> {
  const logs = new Map(listed.map(log => [log.sequence, log]))
  const tried = new Set<number>()
  for (;;) {
    const inOrder = [...logs.values()].sort((a, b) => a.sequence - b.sequence)
    const found = logsBetween(inOrder, wanted, mayLackCopies)
    if (!isGap(found) || found.sequence === undefined || tried.has(found.sequence)) return found
    tried.add(found.sequence)
    const log = await byName.find(wanted.thread, found.sequence, signal)
    if (!log) return found
    logs.set(log.sequence, log)
  }
}
