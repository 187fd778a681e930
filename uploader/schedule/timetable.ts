import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { SourceRequest } from '../../shared/api/agent.ts'
import { defaultTimeZone, nextRun } from '../../shared/schedule.ts'
import { SnapshotKind } from '../../shared/snapshot.ts'
import type { Schedule } from '../config/schema.ts'

/** When one source's runs come, with every default filled in. */
export interface Timetable {
  crons: Partial<Record<SnapshotKind, string>>
  timeZone: string
  jitterSeconds: number
  /** Whether a run that was due while nobody was there is made up for. */
  catchUp: boolean
  /** Tells this source from all others in the world, so that their jitter differs. */
  seed: string
}

/** The heaviest first: each does for those after it. */
export const kinds: readonly SnapshotKind[] = SnapshotKind.options

/** @param seed the agent and the source */
export function timetableOf(schedule: Schedule | undefined, seed: string): Timetable {
  const { full, differential, log, timeZone = defaultTimeZone, jitter = 0, catchUp = true } = schedule ?? {}
  const crons = Object.fromEntries(
    Object.entries({ full, differential, log }).filter(([, cron]) => cron !== undefined),
  ) as Timetable['crons']
  return { crons, timeZone, jitterSeconds: jitter, catchUp, seed }
}

/** What the receiver needs in order to notice runs that do not come. Nothing where there is no schedule: the receiver leaves it as it was. */
export function toldOf(
  schedule: Schedule | undefined,
): Pick<z.input<typeof SourceRequest>, 'schedule' | 'timeZone' | 'jitterSeconds'> {
  if (!schedule) return {}
  const { timeZone, jitter } = schedule
  return {
    schedule: timetableOf(schedule, '').crons,
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(jitter === undefined ? {} : { jitterSeconds: jitter }),
  }
}

/** The first due moment of a kind after an instant; undefined where none comes any more. */
export function nextDue({ crons, timeZone }: Timetable, kind: SnapshotKind, after: Date): Date | undefined {
  const cron = crons[kind]
  return cron === undefined ? undefined : nextRun({ cron, timeZone }, after)
}

/**
 * When the run of a due moment starts: the jitter after it, but never later than half way to the next one. The same for the same moment,
 * however often it is asked and whoever asks.
 */
export function startOf(timetable: Timetable, kind: SnapshotKind, due: Date): Date {
  const { jitterSeconds, seed } = timetable
  if (jitterSeconds === 0) return due
  const next = nextDue(timetable, kind, due)
  const most = Math.min(jitterSeconds * 1000, next ? (next.getTime() - due.getTime()) / 2 : Number.POSITIVE_INFINITY)
  const share = createHash('sha256').update(`${seed} ${due.toISOString()}`).digest().readUInt32BE() / 2 ** 32
  return new Date(due.getTime() + Math.floor(share * most))
}
