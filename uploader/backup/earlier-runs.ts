import { Failure, messageOf } from '../../shared/failure.ts'
import type { SourceId } from '../../shared/ids.ts'
import { faultPoint } from '../fault-point.ts'
import { RunDirectory } from '../staging/directory.ts'
import type { RecordOf } from '../staging/journal.ts'
import { type Remains, readRemains } from '../staging/remains.ts'
import type { Clock } from '../transfer/clock.ts'
import type { BackupOptions, Opened, Warning } from './backup.ts'
import { type Continued, continueRun, isContinuable } from './continue-run.ts'
import { type Finished, finishRun, isInVain, isStaged, type Staged } from './finish-run.ts'
import { recordOutcome } from './record-outcome.ts'
import { unlessRefused } from './unless-refused.ts'

type Note = (message: string, code?: string) => void

/**
 * Takes up what runs of this source have left behind when they were killed, or could not finish. One that had staged everything is brought to its commit. One that
 * died before that is aborted at the receiver and discarded, unless artefacts of it stand alone: then the run to come may go on with it. Of one whose source cannot
 * be told of the commit now, the journal stays for the next run. The caller holds the source.
 * @param note is told of each run that was found and is over now, and of what its engine says that somebody should know
 * @throws Failure if it cannot be settled now: the remains stay for the next run
 */
export async function takeUpEarlierRuns<S, I>(
  options: BackupOptions<S, I>,
  { source, clock, note }: { source: SourceId; clock: Clock; note: Note },
): Promise<Continued | undefined> {
  const { engine, settings, staging, signal } = options
  const found = await RunDirectory.remains(staging.dir, source)
  const undo = await RunDirectory.undo(staging.dir, source)
  if (found.length === 0 && !undo.exists) return undefined
  const left = { scratches: found.map(({ scratch }) => scratch), undo: undo.path }
  const recovered = await engine.recover?.(settings, left, signal)
  for (const line of recovered?.notes ?? []) note(line)
  let continued: Continued | undefined
  for (const directory of found) {
    const outcome = await settle(options, await readRemains(directory), {
      clock,
      note,
      mayContinue: continued === undefined,
    })
    if (outcome === 'untold') await directory.empty()
    else if (typeof outcome === 'string') {
      note(outcome)
      await directory.remove()
    } else continued = outcome
  }
  return continued
}

/** @returns what became of the run, `untold` where its source has still to be told, or the run itself where it may be continued */
async function settle<S, I>(
  options: BackupOptions<S, I>,
  remains: Remains,
  { clock, note, mayContinue }: { clock: Clock; note: Note; mayContinue: boolean },
): Promise<string | Continued> {
  const { run } = remains
  if (!run) return 'An earlier run was interrupted before it began'
  let why = ''
  try {
    if (isStaged(remains)) return await finish(options, remains, { clock, note })
    if (mayContinue && isContinuable(remains)) {
      const opened = await openAgain(options, run)
      if (opened) return await continueRun(options, remains, opened)
    }
  } catch (error) {
    if (!isInVain(error)) throw error
    why = `: ${error instanceof Failure ? error.line : messageOf(error)}`
  }
  // Its snapshot may be another one by now, under an id of its own: the journal has the last word.
  const { run: last = run } = await readRemains(remains.directory)
  const opened = await openAgain(options, last)
  if (opened) await unlessRefused(options.receiver.abort(opened.snapshot, opened.lease.token))
  return `Run ${run.run} was interrupted; what it had staged was discarded${why}`
}

/** The same run gets the same snapshot and lease, also where this machine died before it learnt of them. */
function openAgain<S, I>({ receiver }: BackupOptions<S, I>, run: RecordOf<'run'>): Promise<Opened | undefined> {
  const { source, lane, kind, expectedBytes } = run
  return unlessRefused(receiver.open({ source, lane, kind, run: run.run, expectedBytes }))
}

async function finish<S, I>(
  options: BackupOptions<S, I>,
  remains: Staged,
  { clock, note }: { clock: Clock; note: Note },
): Promise<string> {
  const { run, opened, sealed, committed } = remains
  const told = async (finished: Finished, outcome: string) => {
    const concluded = await conclude(options, remains, finished, clock)
    for (const { message, code } of concluded.warnings) note(message, code)
    return concluded.told ? outcome : 'untold'
  }
  if (committed) {
    const finished = { run: run.run, snapshot: opened.snapshot, warnings: [] }
    return told(finished, `Run ${run.run} was over when its snapshot was committed; its source is told now`)
  }
  if (sealed) {
    const { warnings } = await options.receiver.commit(opened.snapshot, opened.lease, sealed.manifest)
    faultPoint('commit-answered')
    const finished = { run: run.run, snapshot: opened.snapshot, warnings }
    const complete = `its snapshot ${opened.snapshot} is complete`
    return told(finished, `Run ${run.run} was interrupted while it was committed; ${complete}`)
  }
  const finished = await finishRun(options, remains, clock)
  const complete = `it was finished, and its snapshot ${finished.snapshot} is complete`
  return told(finished, `Run ${run.run} was interrupted when all was staged; ${complete}`)
}

/** What comes after a commit: the source is told, at least once, and the receiver learns how the run ended. `warnings` are to be known here too. */
async function conclude<S, I>(
  { engine, settings, receiver, signal }: BackupOptions<S, I>,
  { run, allStaged }: Staged,
  { run: id, snapshot, warnings }: Finished,
  clock: Clock,
): Promise<{ told: boolean; warnings: Warning[] }> {
  const stored = { snapshot, units: allStaged.units }
  let late: Warning[] = []
  let isTold = true
  const notes = [...allStaged.warnings, ...warnings, 'the run was interrupted, and finished by the next one']
  try {
    const told = await engine.committed?.(settings, stored, signal)
    notes.push(...(told?.notes ?? []))
    late = (await engine.committedLate?.(settings, stored, signal))?.warnings ?? []
    notes.push(...late.map(({ message }) => message))
  } catch (error) {
    isTold = false
    const message = `The snapshot ${snapshot} is committed, but the source could not be told: ${messageOf(error)}; the next run does that`
    late = [{ code: 'afterwards-failed', message }]
    notes.push(message)
  }
  faultPoint('source-told')
  await recordOutcome(
    receiver,
    {
      source: run.source,
      run: id,
      outcome: 'succeeded-with-warnings',
      requested: run.requested,
      startedAt: run.startedAt,
      finishedAt: clock.now().toISOString(),
      snapshot,
    },
    notes,
  )
  faultPoint('outcome-recorded')
  return { told: isTold, warnings: late }
}
