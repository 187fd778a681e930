import { Failure } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Plan, StagedArtefact } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { explain } from '../connection/errors.ts'
import { type ArchivedLog, isGap } from '../logs/archived-log.ts'
import { LogsByName } from '../logs/by-name.ts'
import type { Behind } from '../plan/continuation.ts'
import { scnOf, unitOf } from '../position.ts'
import { RmanLogs } from '../rman/logs.ts'
import { copyLog, LogGone } from './copy-log.ts'
import { instantOf, type TakenThread } from './entry.ts'
import { archive, currentLogs, type Elsewhere, logsOf } from './redo.ts'
import { logKey } from './resume.ts'
import type { Run } from './run.ts'

/** The first SCN that is wanted of a thread, and the number of the log that begins with it, where that is known. */
export interface Start {
  scn: string
  sequence: number | undefined
}

/** Where what is in an entry ends. */
export function startBehind({ to, info }: UnitEntry): Start {
  const last = info?.lastSequence
  return { scn: scnOf(to.at), sequence: last === undefined ? undefined : Number(last) + 1 }
}

/** The redo of each thread up to now, as archived logs. */
export class ArchivedLogs {
  readonly #run: Run
  readonly #elsewhere: Elsewhere
  readonly #rman: RmanLogs | undefined

  constructor(run: Run) {
    this.#run = run
    const { control, files, inventory, settings, prefix, context } = run
    const { rman, directory } = settings
    if (rman) this.#rman = new RmanLogs({ rman, directory, prefix, control, files, context })
    const isStaged = (log: ArchivedLog) => context.kept.has(logKey(inventory, log))
    this.#elsewhere = {
      byName: new LogsByName(control, files, inventory),
      mayLackCopies: rman === undefined ? isStaged : () => true,
    }
  }

  /** @param firstOf where each begins. @param fallbacks where a log run may begin instead if its last log is not followed any more */
  async take(
    threads: readonly number[],
    firstOf: (thread: number) => Start,
    fallbacks: readonly Behind[] = [],
  ): Promise<TakenThread[]> {
    const { control, plan, context, times } = this.#run
    const { signal } = context
    await this.#rman?.sweep()
    await archive(control, times.archive, signal)
    const current = await currentLogs(control, signal)
    const taken: TakenThread[] = []
    for (const thread of threads) {
      const start = firstOf(thread)
      const to = current.get(thread)?.scn ?? start.scn
      let reason = ''
      for (const { scn: from, sequence: first } of [start, ...laterStart(fallbacks, thread)]) {
        const logs = await logsOf(control, { thread, from, to, first }, this.#elsewhere, times.waiting, signal)
        if (!isGap(logs)) {
          if (reason !== '')
            context.warn('oracle-logs-missing', `${reason}: moments before the last full are not restorable`)
          taken.push({ thread, from, to, logs })
          break
        }
        reason ||= logs.reason
      }
      if (taken.at(-1)?.thread !== thread) throw this.#gap(plan.kind, reason)
    }
    return taken
  }

  #gap(kind: Plan['kind'], reason: string, cause?: unknown): Failure {
    if (kind === 'log') return new PromotionNeeded({ code: 'LOG_GONE', reason }, cause)
    return new Failure('oracle-log-gone', 'An archived log that makes this backup consistent is gone already', {
      why: reason,
      fix: 'Let whatever deletes archived logs keep them for some hours, and run the backup again',
      retriable: true,
      cause,
    })
  }

  /** Lets go of what RMAN has put there. */
  async close(): Promise<void> {
    await this.#rman?.close()
  }

  *artefacts(threads: readonly TakenThread[]): Generator<StagedArtefact> {
    for (const { thread, logs } of threads) for (const log of logs) yield this.#log(thread, log)
  }

  #log(thread: number, log: ArchivedLog): StagedArtefact {
    const { inventory, files, plan, control, context, times } = this.#run
    const rman = this.#rman
    const wanted = { thread, from: log.firstScn, to: log.nextScn, first: log.sequence }
    const once = { ...times.waiting, attempts: 1 }
    let fetched: string | undefined
    let isFetched = false
    const again = async (tried: ReadonlySet<string>) => {
      const rows = await logsOf(control, wanted, this.#elsewhere, once, context.signal)
      const paths = (isGap(rows) ? [] : rows[0]!.paths).filter(path => !tried.has(path))
      if (paths.length > 0 || !rman || isFetched) return paths
      isFetched = true
      fetched = await rman.fetch(isGap(rows) ? log : rows[0]!)
      return fetched === undefined ? [] : [fetched]
    }
    const gone = (error: LogGone) => this.#gap(plan.kind, error.message, error)
    return {
      // As LOG_ARCHIVE_FORMAT '%t_%s_%r.arc' has it, which the parameters of a restore name.
      name: `logs/${thread}_${log.sequence}_${log.incarnation}.arc`,
      role: 'log',
      unit: unitOf(thread),
      order: 100_000 + log.sequence,
      resumeKey: logKey(inventory, log),
      attributes: {
        thread: String(thread),
        sequence: String(log.sequence),
        incarnation: log.incarnation,
        firstScn: log.firstScn,
        nextScn: log.nextScn,
        firstTime: instantOf(log.firstTime, inventory),
        nextTime: instantOf(log.nextTime, inventory),
      },
      async *read() {
        try {
          yield* copyLog(files, log, inventory.id, again)
        } catch (error) {
          throw error instanceof LogGone ? gone(error) : explain(error)
        } finally {
          if (fetched !== undefined) await rman!.remove(fetched)
        }
      },
    }
  }
}

function laterStart(behind: readonly Behind[], thread: number): Start[] {
  const found = behind.find(each => each.thread === thread)
  if (!found?.log || !found.data || found.data.to.at <= found.log.to.at) return []
  return [startBehind(found.data)]
}
