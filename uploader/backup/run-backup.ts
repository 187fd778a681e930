import { Failure, messageOf } from '../../shared/failure.ts'
import { newUlid } from '../../shared/ids.ts'
import type { RunOutcome } from '../../shared/snapshot.ts'
import { PromotionNeeded } from '../engines/promotion-needed.ts'
import { faultPoint } from '../fault-point.ts'
import { holdSource } from '../staging/lock.ts'
import { type Clock, systemClock } from '../transfer/clock.ts'
import type { BackupOptions, BackupResult, Warning } from './backup.ts'
import { takeUpEarlierRuns } from './earlier-runs.ts'
import { type AtReceiver, KnownOutdated } from './known.ts'
import { peakMemory } from './peak-memory.ts'
import { recordOutcome } from './record-outcome.ts'
import { type RunContext, takeSnapshot } from './snapshot.ts'

/**
 * Backs up one source once. Returns when the receiver has committed; the caller prints the result.
 * @throws Failure; of a run that had not staged everything nothing is left then but, where the receiver could not be told, its journal for the next run
 */
export async function runBackup<S, I>(options: BackupOptions<S, I>): Promise<BackupResult> {
  const clock: Clock = {
    now: options.now ?? systemClock.now,
    elapsed: systemClock.elapsed,
    sleep: options.sleep ?? systemClock.sleep,
    random: options.random ?? systemClock.random,
  }
  const known = await options.known?.read(clock.now())
  if (known)
    try {
      return await runOf(options, known, clock)
    } catch (error) {
      if (!(error instanceof KnownOutdated)) throw error
    }
  const registeredAt = clock.now().toISOString()
  const request = { engine: options.engine.kind, ...options.schedule }
  const { source } = await options.receiver.registerSource(options.source, request)
  return runOf(options, { source, registeredAt }, clock)
}

async function runOf<S, I>(options: BackupOptions<S, I>, at: AtReceiver, clock: Clock): Promise<BackupResult> {
  const { reporter } = options
  const { source } = at
  faultPoint('source-registered')
  const lock = await holdSource(source, options.source)
  faultPoint('source-taken')
  try {
    const warnings: Warning[] = []
    const note = (message: string, code = 'earlier-run') => {
      warnings.push({ code, message })
      reporter.warning(code, message)
    }
    const earlier = { at, run: newUlid(clock.now().getTime()), clock, warnings }
    const continued = await recorded(options, earlier, () => takeUpEarlierRuns(options, { source, clock, note }))
    const isAsLeft = !continued && warnings.length === 0
    const attempt = (more: Pick<RunContext, 'promote' | 'continued'>) =>
      snapshotOf(options, {
        at: isAsLeft ? at : { source, registeredAt: at.registeredAt },
        run: newUlid(clock.now().getTime()),
        clock,
        warnings,
        ...more,
      })
    return await attempt({ promote: null, continued }).catch(error => {
      if (error instanceof PromotionNeeded) return attempt({ promote: error.promotion, continued: undefined })
      if (!(continued && error instanceof Failure && error.code === 'part-lost')) throw error
      note(`Nothing of the interrupted run can be used: ${error.line}`)
      return attempt({ promote: null, continued: undefined })
    })
  } finally {
    await lock.release()
    faultPoint('source-released')
  }
}

/** The run itself, and its outcome told to the receiver where the commit does not tell it. */
async function snapshotOf<S, I>(options: BackupOptions<S, I>, context: RunContext): Promise<BackupResult> {
  const { clock, warnings } = context
  const begun = clock.elapsed()
  return recorded(options, context, async record => {
    const taken = await takeSnapshot(options, context)
    if (warnings.length > 0) await record('succeeded-with-warnings', { snapshot: taken.snapshot })
    faultPoint('outcome-recorded')
    return {
      type: 'summary',
      run: context.run,
      source: options.source,
      engine: options.engine.kind,
      requested: options.mode,
      ...taken,
      seconds: (clock.elapsed() - begun) / 1000,
      peakRssBytes: peakMemory(),
      warnings,
    }
  })
}

type Recording = (outcome: RunOutcome, more: { code?: string; message?: string; snapshot?: string }) => Promise<void>

/** Work of a run, whose failure the receiver is told. @throws Failure */
async function recorded<S, I, T>(
  options: BackupOptions<S, I>,
  context: Pick<RunContext, 'at' | 'run' | 'clock' | 'warnings'>,
  work: (record: Recording) => Promise<T>,
): Promise<T> {
  const { clock, warnings } = context
  const started = clock.now()
  const record: Recording = (outcome, more) =>
    recordOutcome(
      options.receiver,
      {
        source: context.at.source,
        run: context.run,
        outcome,
        requested: options.mode,
        startedAt: started.toISOString(),
        finishedAt: clock.now().toISOString(),
        ...more,
      },
      warnings.map(({ message }) => message),
    )
  try {
    return await work(record)
  } catch (error) {
    const failure = failureOf(error)
    await record(outcomeOf(failure), { code: failure.code, message: failure.line })
    throw failure
  }
}

function outcomeOf(failure: Failure): RunOutcome {
  if (failure.code === 'failed-source-advanced') return failure.code
  const isAgain = failure instanceof PromotionNeeded || failure instanceof KnownOutdated
  return failure.code === 'cancelled' || isAgain ? 'cancelled' : 'failed'
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure('backup-failed', 'The backup stopped', {
    why: messageOf(error),
    fix: 'Run it again; if it stops again, send this message to the provider',
    cause: error,
  })
}
