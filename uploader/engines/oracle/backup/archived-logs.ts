import { Failure } from '../../../../shared/failure.ts'
import type { Plan, StagedArtefact } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { explain } from '../connection/errors.ts'
import { type ArchivedLog, isGap } from '../logs/archived-log.ts'
import type { Behind } from '../plan/continuation.ts'
import { scnOf, unitOf } from '../position.ts'
import { copyLog, LogGone } from './copy-log.ts'
import { instantOf, type TakenThread } from './entry.ts'
import { archive, currentLogs, logsOf } from './redo.ts'
import type { Run } from './run.ts'

/** The redo of each thread up to now, as archived logs. */
export class ArchivedLogs {
  readonly #run: Run

  constructor(run: Run) {
    this.#run = run
  }

  /** @param fallbacks where a log run may begin instead if its last log is not followed any more */
  async take(
    threads: readonly number[],
    fromOf: (thread: number) => string,
    fallbacks: readonly Behind[] = [],
  ): Promise<TakenThread[]> {
    const { control, plan, context, times } = this.#run
    const { signal } = context
    await archive(control, times.archive, signal)
    const current = await currentLogs(control, signal)
    const taken: TakenThread[] = []
    for (const thread of threads) {
      const to = current.get(thread) ?? fromOf(thread)
      const starts = [fromOf(thread), ...laterStart(fallbacks, thread)]
      let reason = ''
      for (const from of starts) {
        const logs = await logsOf(control, { thread, from, to }, times.waiting, signal)
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

  *artefacts(threads: readonly TakenThread[]): Generator<StagedArtefact> {
    for (const { thread, logs } of threads) for (const log of logs) yield this.#log(thread, log)
  }

  #log(thread: number, log: ArchivedLog): StagedArtefact {
    const { inventory, files, plan, control, context, times } = this.#run
    const again = async () => {
      const rows = await logsOf(
        control,
        { thread, from: log.firstScn, to: log.nextScn },
        { ...times.waiting, attempts: 1 },
        context.signal,
      )
      return isGap(rows) ? [] : rows[0]!.paths
    }
    const gone = (error: LogGone) => this.#gap(plan.kind, error.message, error)
    return {
      // As LOG_ARCHIVE_FORMAT '%t_%s_%r.arc' has it, which the parameters of a restore name.
      name: `logs/${thread}_${log.sequence}_${log.incarnation}.arc`,
      role: 'log',
      unit: unitOf(thread),
      order: 100_000 + log.sequence,
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
        }
      },
    }
  }
}

function laterStart(behind: readonly Behind[], thread: number): string[] {
  const found = behind.find(each => each.thread === thread)
  if (!found?.log || !found.data || found.data.to.at <= found.log.to.at) return []
  return [scnOf(found.data.to.at)]
}
