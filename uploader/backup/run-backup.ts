import { Failure, messageOf } from '../../shared/failure.ts'
import { newUlid, type RunId, type SourceId } from '../../shared/ids.ts'
import type { RunOutcome } from '../../shared/snapshot.ts'
import { PromotionNeeded } from '../engines/promotion-needed.ts'
import { holdSource } from '../staging/lock.ts'
import { type Clock, systemClock } from '../transfer/clock.ts'
import type { BackupOptions, BackupResult, Warning } from './backup.ts'
import { briefly } from './briefly.ts'
import { peakMemory } from './peak-memory.ts'
import { takeSnapshot } from './snapshot.ts'
import { undoRemains } from './undo.ts'

/** How long recording the outcome may take. */
const recordTime = 15_000

/**
 * Backs up one source once. Returns when the receiver has committed; the caller prints the result.
 * @throws Failure; nothing of the run is left then but, where the receiver could not be told, its journal for the next run
 */
export async function runBackup<S, I>(options: BackupOptions<S, I>): Promise<BackupResult> {
  const { engine, receiver, staging, reporter } = options
  const clock: Clock = {
    now: options.now ?? systemClock.now,
    elapsed: systemClock.elapsed,
    sleep: options.sleep ?? systemClock.sleep,
    random: options.random ?? systemClock.random,
  }
  const { source } = await receiver.registerSource(options.source, { engine: engine.kind, ...options.schedule })
  const lock = await holdSource(source, options.source)
  try {
    const warnings: Warning[] = []
    for (const message of await undoRemains(staging.dir, source, receiver)) {
      warnings.push({ code: 'earlier-run', message })
      reporter.warning('earlier-run', message)
    }
    const attempt = (promote: Context['promote']) =>
      recorded(options, { source, run: newUlid(clock.now().getTime()), clock, warnings, promote })
    return await attempt(null).catch(error => {
      if (error instanceof PromotionNeeded) return attempt(error.promotion)
      throw error
    })
  } finally {
    await lock.release()
  }
}

interface Context {
  source: SourceId
  run: RunId
  clock: Clock
  warnings: Warning[]
  /** Why this attempt makes a full, where the one before found that its log continues nothing. */
  promote: { reason: string } | null
}

/** The run itself, and its outcome told to the receiver where the commit does not tell it. */
async function recorded<S, I>(options: BackupOptions<S, I>, context: Context): Promise<BackupResult> {
  const { source, run, clock, warnings } = context
  const started = clock.now()
  const begun = clock.elapsed()
  const record = (outcome: RunOutcome, more: { code?: string; message?: string; snapshot?: string }) =>
    briefly(
      options.receiver.recordRun({
        source,
        run,
        outcome,
        requested: options.mode,
        startedAt: started.toISOString(),
        finishedAt: clock.now().toISOString(),
        warnings: warnings.slice(0, 50).map(({ message }) => message.slice(0, 1000)),
        ...more,
      }),
      recordTime,
    )
  try {
    const taken = await takeSnapshot(options, context)
    if (warnings.length > 0) await record('succeeded-with-warnings', { snapshot: taken.snapshot })
    return {
      type: 'summary',
      run,
      source: options.source,
      engine: options.engine.kind,
      requested: options.mode,
      ...taken,
      seconds: (clock.elapsed() - begun) / 1000,
      peakRssBytes: peakMemory(),
      warnings,
    }
  } catch (error) {
    const failure = failureOf(error)
    const outcome = failure.code === 'cancelled' || failure instanceof PromotionNeeded ? 'cancelled' : 'failed'
    await record(outcome, { code: failure.code.slice(0, 100), message: failure.line.slice(0, 2000) })
    throw failure
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure('backup-failed', 'The backup stopped', {
    why: messageOf(error),
    fix: 'Run it again; if it stops again, send this message to the provider',
    cause: error,
  })
}
