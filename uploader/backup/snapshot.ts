import { availableParallelism } from 'node:os'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { RunId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type Lane, type LaneHeads, laneOf, type SnapshotKind } from '../../shared/snapshot.ts'
import type { Plan, Session } from '../engines/engine.ts'
import { faultPoint } from '../fault-point.ts'
import { RunDirectory } from '../staging/directory.ts'
import { Journal, type RecordOf } from '../staging/journal.ts'
import type { LaidPack } from '../staging/remains.ts'
import { LineSealer } from '../staging/sealed-line.ts'
import type { Clock } from '../transfer/clock.ts'
import { keepLease } from '../transfer/lease.ts'
import { Pace } from '../transfer/pace.ts'
import type { BackupOptions, BackupResult, Opened, Warning } from './backup.ts'
import { briefly } from './briefly.ts'
import { writeIndex, writeUnits } from './conclude.ts'
import type { Continued } from './continue-run.ts'
import { decide, promotionIn } from './decide.ts'
import { isInVain } from './finish-run.ts'
import { requireShortHold } from './hold.ts'
import type { Kept, KeptLine } from './kept.ts'
import { type AtReceiver, KnownOutdated } from './known.ts'
import { Pipeline } from './pipeline.ts'
import { restorable } from './restorable.ts'
import { signManifest } from './sign-manifest.ts'
import { stageArtefacts } from './stage.ts'
import { stoppable } from './stop.ts'
import { mayPass, withStaged } from './with-staged.ts'

/** How long the receiver may take over an abort before it is left to find out by itself. */
const abortTime = 15_000

export type Taken = Pick<
  BackupResult,
  'kind' | 'promoted' | 'snapshot' | 'units' | 'steps' | 'artefacts' | 'bytes' | 'restorable'
>

export interface RunContext {
  at: AtReceiver
  /** Becomes that of the continued run where this one goes on with it. */
  run: RunId
  clock: Clock
  warnings: Warning[]
  /** Why this attempt makes a full, where the one before found that its log continues nothing. */
  promote: { reason: string } | null
  /** A run that died while it staged, with what may be used of it. */
  continued: Continued | undefined
}

/**
 * One snapshot, from the plan to the commit (architecture: the way of the data). Whatever goes wrong, the source is released. Before all was staged the snapshot is
 * aborted and staging emptied. From then on everything is there that the snapshot needs: what fails and may pass is left for the next run, which finishes it; and a
 * snapshot that may have been committed keeps its journal, and the next run finds out.
 */
export async function takeSnapshot<S, I>(options: BackupOptions<S, I>, context: RunContext): Promise<Taken> {
  const { engine, settings, receiver, agent, staging, reporter } = options
  const { at, clock, continued } = context
  const { source } = at
  const startedAt = clock.now().toISOString()
  const pace = new Pace(clock)
  const { signal, fail, end } = stoppable(options.signal)
  const warn = (code: string, message: string) => {
    context.warnings.push({ code, message })
    reporter.warning(code, message)
  }

  let directory: RunDirectory | undefined
  let journal: Journal | undefined
  let run: RecordOf<'run'> | undefined
  let opened: Opened | undefined
  let laid: readonly LaidPack[] = []
  let kept: Kept = new Map()
  let lease: Promise<void> | undefined
  let pipeline: Pipeline | undefined
  let session: Session | undefined
  /** What the receiver may have done of what it was asked. */
  let asked: 'nothing' | 'open' | 'commit' | 'committed' = 'nothing'
  let allStaged: RecordOf<'all-staged'> | undefined
  let leftForNext = false
  /** The snapshot is committed, and its source has still to be told: by the next run. */
  let untold = false

  try {
    // Where the heads are known, it is the answer to opening a log that tells of a promotion.
    const { promote, ...heads } = at.heads ? { ...at.heads, promote: null } : await receiver.heads(source)
    faultPoint('heads-read')
    const inventory = await engine.inspect(settings, signal)
    faultPoint('source-inspected')
    let decision = decide(options, inventory, heads, { found: context.promote, received: promote })
    if (continued?.run.kind === decision.plan.kind) {
      ;({ directory, journal, run, opened, laid, kept } = continued)
      asked = 'open'
      context.run = run.run
      warn('earlier-run', `Run ${run.run} was interrupted; it goes on with ${kept.size} artefacts that it had staged`)
      tell(decision.plan, decision.promoted)
    } else {
      if (continued) {
        await continued.discard()
        warn('earlier-run', `Run ${continued.run.run} was interrupted; what it had staged was discarded`)
      }
      directory = await RunDirectory.make(staging.dir, source, context.run)
      faultPoint('directory-made')
      journal = await Journal.create(directory.journal)
      faultPoint('journal-made')
      try {
        opened = await open(decision.plan, decision.promoted)
      } catch (error) {
        const needed = promotionIn(error)
        if (!needed) throw error
        decision = decide(options, inventory, heads, { found: context.promote, received: needed })
        opened = await open(decision.plan, decision.promoted)
      }
      faultPoint('snapshot-opened')
      const head = opened.heads[run!.lane]?.snapshot ?? null
      const { snapshot, partSize } = opened
      await journal.append({ type: 'opened', snapshot, lease: opened.lease.token, partSize, head })
      faultPoint('opened-journalled')
    }
    const { plan, promoted } = decision
    const { kind, steps, expectedBytes, engineVersion } = plan
    const lane = laneOf(kind)
    const { snapshot, partSize } = opened
    const hasMoved = (of: Lane) => opened!.heads[of]?.snapshot !== heads[of]?.snapshot
    if (at.heads && (hasMoved('data') || hasMoved('log'))) throw new KnownOutdated('there is another snapshot since')
    if (hasMoved(lane)) throw headMoved()
    lease = keepLease({ receiver, snapshot, lease: opened.lease, clock, signal, onLost: fail })
    // What fits into one part goes up as one part.
    const readers = expectedBytes <= partSize ? 1 : (options.readers ?? Math.min(availableParallelism(), 4))
    pipeline = new Pipeline(
      { ...options, put: pace.of(options.put) },
      { opened, directory, journal, readers, laid, clock, signal, fail },
    )
    await pipeline.takeUp()

    session = await engine.begin(settings, plan, {
      signal,
      concurrency: readers,
      scratch: directory.scratch,
      undo: directory.undo,
      kept,
      step: number => reporter.step(number, steps[number - 1] ?? ''),
      warn,
      written: done => reporter.progress({ label: 'written', done, total: expectedBytes }),
      now: clock.now,
    })
    faultPoint('session-begun')
    const { writers, spool, last, upload } = pipeline
    const { recipients } = agent
    const total = expectedBytes > 0 ? expectedBytes : null
    const names = new LineSealer(agent.key, run!.run)
    const totals = await stageArtefacts({
      session,
      writers,
      recipients,
      spool,
      kept,
      signal,
      async onWhole(resumeKey, line, writer) {
        const tail = await writer.flush()
        const known: KeptLine = { resumeKey, line }
        await journal!.append({
          type: 'artefact',
          line: names.seal(known),
          ...(tail && { tail: { ...tail, sha256: tail.digest.toString('base64') } }),
        })
      },
      onProgress: ({ sourceBytes }) => reporter.progress({ label: 'sealed', done: sourceBytes, total }),
      onFailure: fail,
    })
    if (totals.artefacts === 0)
      throw new Failure('nothing-to-back-up', 'There is nothing to back up', { why: 'the source yielded no artefact' })
    const { sealedSize, ...index } = await writeIndex(spool.lines(), recipients, last)
    faultPoint('index-written')
    const units = session.units()
    const unitList = await writeUnits(units, last)
    faultPoint('units-written')
    await pipeline.end()
    faultPoint('staging-synced')

    const { artefacts, sourceBytes } = totals
    const sealedBytes = totals.sealedBytes + sealedSize
    const staged: RecordOf<'all-staged'> = {
      type: 'all-staged',
      manifest: {
        engineVersion,
        uploader: options.uploader,
        totals: { artefacts, sourceBytes, sealedBytes },
        index,
        units: unitList,
      },
      units,
      warnings: context.warnings.map(({ message }) => message),
    }
    await journal.append(staged)
    allStaged = staged
    faultPoint('staging-journalled')
    session.staged?.()
    await pipeline.finish()
    signal.throwIfAborted()
    faultPoint('parts-uploaded')
    options.onSent?.()

    const { packs } = upload
    const jws = await signManifest(agent, engine.kind, { run: run!, opened, allStaged, packs, now: clock.now() })
    await journal.append({ type: 'sealed', manifest: jws })
    faultPoint('manifest-journalled')
    signal.throwIfAborted()
    const { token } = opened.lease
    const { warnings, receivedAt } = await unlessRefused('commit', () => receiver.commit(snapshot, token, jws))
    asked = 'committed'
    faultPoint('commit-answered')
    for (const warning of warnings) warn('receiver', warning)
    await afterwards(opened)
    faultPoint('source-told')
    await rememberPace(kind, sealedBytes / expectedBytes)
    await rememberHeads({ ...opened.heads, [lane]: { snapshot, lane, kind, receivedAt, units } })
    const bytes = { source: sourceBytes, sealed: sealedBytes, ...upload.bytes }
    return { kind, promoted, snapshot, units, steps, artefacts, bytes, restorable: restorable(units) }
  } catch (error) {
    fail(error)
    const { reason } = signal
    const advanced = session?.advanced === true
    // What the source has forgotten is here alone: it is kept for as long as any later run could commit it.
    leftForNext = allStaged !== undefined && asked === 'open' && (mayPass(reason) || (advanced && !isInVain(reason)))
    if (advanced) throw sourceAdvanced(reason, leftForNext || !isInVain(reason))
    throw leftForNext ? withStaged(reason) : reason
  } finally {
    end()
    // Not even a disk that fails now keeps the snapshot from being aborted and the source from being released.
    await pipeline?.release().catch(left)
    await briefly(Promise.resolve(lease), abortTime)
    const over = leftForNext || untold ? false : await isOver()
    await journal?.close().catch(left)
    await continued?.journal.close().catch(left)
    faultPoint('journal-closed')
    // Before the directory goes: whoever comes after a kill undoes what it finds there.
    const released = await release()
    faultPoint('session-closed')
    await sweep(over, released).catch(left)
    faultPoint('directory-removed')
  }

  function tell({ kind, steps }: Plan, promoted: string | null): void {
    reporter.plan({ source: options.source, engine: engine.kind, kind, promoted, steps })
  }

  async function open(plan: Plan, promoted: string | null): Promise<Opened> {
    tell(plan, promoted)
    const { kind, expectedBytes } = plan
    if (options.hold) {
      const { longest, pace: earlier } = options.hold
      requireShortHold({ kind, expectedBytes }, staging, longest, await earlier.read(source, kind))
    }
    const request = { source, lane: laneOf(kind), kind, run: context.run, expectedBytes }
    const { recipients } = agent
    run = {
      type: 'run',
      format: 'failsafe.journal/1',
      ...request,
      requested: options.mode,
      startedAt,
      recipients,
    }
    await journal!.append(run)
    faultPoint('run-journalled')
    signal.throwIfAborted()
    try {
      return await unlessRefused('open', () => receiver.open(request))
    } catch (error) {
      if (!(at.heads && error instanceof ProblemError && error.code === 'not-found')) throw error
      throw new KnownOutdated('the receiver knows no such source', error)
    }
  }

  /** A call that is refused has done nothing; after any other error nobody knows. */
  async function unlessRefused<T>(what: 'open' | 'commit', call: () => Promise<T>): Promise<T> {
    const before = asked
    asked = what
    try {
      return await call()
    } catch (error) {
      if (error instanceof ProblemError && !error.retriable) asked = before
      throw error
    }
  }

  /** The snapshot is safe: what the source makes of it can only be noted. */
  async function afterwards({ snapshot }: Opened): Promise<void> {
    try {
      await journal!.append({ type: 'committed' })
      faultPoint('commit-journalled')
      const { units } = allStaged!
      for (const note of (await session?.committed?.())?.notes ?? []) warn('note', note)
      const told = await engine.committed?.(settings, { snapshot, units }, signal)
      for (const note of told?.notes ?? []) warn('note', note)
    } catch (error) {
      untold = engine.committed !== undefined || engine.committedLate !== undefined
      const next = untold ? '; the next run does that' : ''
      warn(
        'afterwards-failed',
        `The snapshot is committed, but the source could not be told: ${messageOf(error)}${next}`,
      )
    }
  }

  /** The next run estimates with it how long it will hold the source. */
  async function rememberPace(kind: SnapshotKind, sealedShare: number): Promise<void> {
    const bytesPerSecond = pace.perSecond
    if (bytesPerSecond === undefined || !Number.isFinite(sealedShare)) return
    try {
      await options.hold?.pace.write(source, kind, { bytesPerSecond, sealedShare })
    } catch (error) {
      warn('pace-unwritten', `How fast this backup went could not be noted: ${messageOf(error)}`)
    }
  }

  /** The next run need not ask for them. */
  async function rememberHeads(heads: LaneHeads): Promise<void> {
    try {
      await options.known?.write({ source, registeredAt: at.registeredAt, heads })
    } catch (error) {
      warn(
        'heads-unwritten',
        `How this backup leaves the source at the receiver could not be noted: ${messageOf(error)}`,
      )
    }
  }

  /** Whether the receiver knows that this snapshot is over; it is told so where it has to be. */
  async function isOver(): Promise<boolean> {
    if (asked === 'nothing' || asked === 'committed') return true
    if (asked === 'commit' || !opened) return false
    return (await briefly(receiver.abort(opened.snapshot, opened.lease.token), abortTime)) === 'done'
  }

  /** @returns false where the source may still hold something, which the next run has to undo */
  async function release(): Promise<boolean> {
    try {
      await session?.close(outcome())
      return true
    } catch (error) {
      const line = error instanceof Failure ? error.line : messageOf(error)
      warn('close-failed', `The source may still hold what the backup took: ${line}`)
      return engine.recover === undefined
    }
  }

  async function sweep(over: boolean, released: boolean): Promise<void> {
    if (over && released) await directory?.remove()
    else
      await directory?.empty(
        path => (leftForNext && directory!.isPart(path)) || (!released && path === directory!.scratch),
      )
  }

  function left(error: unknown): void {
    warn('staging-left', `Something was left in ${staging.dir}: ${messageOf(error)}`)
  }

  function outcome(): Parameters<Session['close']>[0] {
    if (asked === 'committed') return 'succeeded'
    return options.signal.aborted ? 'cancelled' : 'failed'
  }
}

function sourceAdvanced(cause: unknown, kept: boolean): Failure {
  return new Failure(
    'failed-source-advanced',
    'The source has let go of logs that are not committed at the provider yet',
    {
      why: cause instanceof Failure ? cause.line : messageOf(cause),
      fix: kept
        ? 'Run the backup again: all that it needs is staged, and is sent first'
        : 'What was staged is of no use any more: take a full backup now',
      retriable: true,
      cause,
    },
  )
}

function headMoved(): Failure {
  return new Failure('head-moved', 'Another snapshot of this source was committed meanwhile', {
    fix: 'Run the backup again',
    retriable: true,
  })
}
