import { Failure } from '../../../../shared/failure.ts'
import type { DatabaseHeader } from './database-header.ts'
import type { LogHeader } from './log-header.ts'
import { hex } from './log-name.ts'

/** A log that is staged with a database. */
export interface StagedLog {
  name: string
  header: LogHeader
}

/**
 * Whether a database can be recovered with the logs beside it: every generation that it requires is there, in one unbroken stream of its own.
 * @param logs in ascending order
 * @returns what is not grave, in words
 * @throws Failure `exchange-not-recoverable`
 */
export function requireCoverage(
  name: string,
  header: Pick<DatabaseHeader, 'state' | 'signLog' | 'required' | 'committed' | 'repairs'>,
  logs: readonly StagedLog[],
): string[] {
  const { state, required, committed } = header
  if (state !== 'Dirty Shutdown' && state !== 'Clean Shutdown') throw notRecoverable(name, `its state is ${state}`)
  requireChain(name, header.signLog, logs)
  const there = new Set(logs.map(log => log.header.generation))
  const warnings: string[] = []
  if (header.repairs > 0)
    warnings.push(`${name} was repaired with eseutil /p ${header.repairs} times: data was lost then`)
  if (state === 'Clean Shutdown') return warnings
  for (let generation = required.min; generation <= required.max; generation++)
    if (!there.has(generation))
      throw notRecoverable(
        name,
        `it requires the logs ${hex(required.min)} to ${hex(required.max)}, and ${hex(generation)} is missing (JET_errRequiredLogFilesMissing, -543)`,
      )
  const last = logs.at(-1)?.header.generation ?? 0
  if (committed > last)
    warnings.push(
      `${name}: something was committed up to log ${hex(committed)}, and the last one is ${hex(last)}; a restore loses what was in between`,
    )
  return warnings
}

/** As `eseutil /ml` looks at a set: no number is missing, each log names the one before, and all are of one stream. */
export function requireChain(name: string, signLog: string, logs: readonly StagedLog[]): void {
  for (const [i, log] of logs.entries()) {
    if (log.header.signLog !== signLog)
      throw notRecoverable(name, `${log.name} is of another stream of logs (JET_errBadLogSignature, -530)`)
    const before = logs[i - 1]
    if (!before) continue
    const broken = whyNotNext(before.header, log.header)
    if (broken !== undefined) throw notRecoverable(name, broken)
  }
}

/** Why a log does not follow the one before; undefined where it does. */
export function whyNotNext(before: LogHeader, log: LogHeader): string | undefined {
  const { generation } = before
  if (log.generation !== generation + 1)
    return `the log ${hex(generation + 1)} is missing between ${hex(generation)} and ${hex(log.generation)}`
  if (log.previousCreated !== before.created)
    return `the log ${hex(log.generation)} does not follow the ${hex(generation)} that is there (JET_errInvalidLogSequence, -515)`
  return undefined
}

function notRecoverable(name: string, why: string): Failure {
  return new Failure('exchange-not-recoverable', `The copy of ${name} could not be recovered`, {
    why,
    fix: 'See that nothing else removes or truncates its logs, and run the backup again',
    retriable: true,
  })
}
