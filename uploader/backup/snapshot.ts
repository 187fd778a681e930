import { availableParallelism } from 'node:os'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { RunId, SourceId } from '../../shared/ids.ts'
import { sign } from '../../shared/jws.ts'
import { Manifest } from '../../shared/manifest.ts'
import { ProblemError } from '../../shared/problem.ts'
import { laneOf, type SnapshotKind } from '../../shared/snapshot.ts'
import type { Plan, Session } from '../engines/engine.ts'
import { RunDirectory } from '../staging/directory.ts'
import { Journal } from '../staging/journal.ts'
import type { Clock } from '../transfer/clock.ts'
import { keepLease } from '../transfer/lease.ts'
import { Pace } from '../transfer/pace.ts'
import type { BackupOptions, BackupResult, Warning } from './backup.ts'
import { briefly } from './briefly.ts'
import { writeIndex, writeUnits } from './conclude.ts'
import { decide, promotionIn } from './decide.ts'
import { requireShortHold } from './hold.ts'
import { Pipeline } from './pipeline.ts'
import { restorable } from './restorable.ts'
import { stageArtefacts } from './stage.ts'

/** How long the receiver may take over an abort before it is left to find out by itself. */
const abortTime = 15_000

export type Taken = Pick<
  BackupResult,
  'kind' | 'promoted' | 'snapshot' | 'units' | 'steps' | 'artefacts' | 'bytes' | 'restorable'
>

/**
 * One snapshot, from the plan to the commit (architecture: the way of the data). Whatever goes wrong, the source is released, the snapshot aborted and staging
 * emptied; but a snapshot that may have been committed keeps its journal, and the next run finds out.
 */
export async function takeSnapshot<S, I>(
  options: BackupOptions<S, I>,
  context: { source: SourceId; run: RunId; clock: Clock; warnings: Warning[]; promote: { reason: string } | null },
): Promise<Taken> {
  const { engine, settings, receiver, agent, staging, reporter } = options
  const { source, run, clock } = context
  const startedAt = clock.now().toISOString()
  const pace = new Pace(clock)
  const stop = new AbortController()
  const { signal } = stop
  const fail = (error: unknown) => stop.abort(error)
  const cancel = () => fail(cancelled())
  options.signal.addEventListener('abort', cancel, { once: true })
  if (options.signal.aborted) cancel()
  const warn = (code: string, message: string) => {
    context.warnings.push({ code, message })
    reporter.warning(code, message)
  }

  let directory: RunDirectory | undefined
  let journal: Journal | undefined
  let opened: Awaited<ReturnType<typeof receiver.open>> | undefined
  let lease: Promise<void> | undefined
  let pipeline: Pipeline | undefined
  let session: Session | undefined
  /** What the receiver may have done of what it was asked. */
  let asked: 'nothing' | 'open' | 'commit' | 'committed' = 'nothing'

  try {
    const { promote, ...heads } = await receiver.heads(source)
    const inventory = await engine.inspect(settings, signal)
    let decision = decide(options, inventory, heads, { found: context.promote, received: promote })
    directory = await RunDirectory.make(staging.dir, source, run)
    journal = await Journal.create(directory.journal)
    try {
      opened = await open(decision.plan, decision.promoted)
    } catch (error) {
      const needed = promotionIn(error)
      if (!needed) throw error
      decision = decide(options, inventory, heads, { found: context.promote, received: needed })
      opened = await open(decision.plan, decision.promoted)
    }
    const { plan, promoted } = decision
    const { kind, steps, expectedBytes, engineVersion } = plan
    const lane = laneOf(kind)
    const { snapshot, partSize } = opened
    const { token } = opened.lease
    await journal.append({ type: 'opened', snapshot, lease: token, partSize })
    if (opened.heads[lane]?.snapshot !== heads[lane]?.snapshot) throw headMoved()
    lease = keepLease({ receiver, snapshot, lease: opened.lease, clock, signal, onLost: fail })
    // What fits into one part goes up as one part.
    const readers = expectedBytes <= partSize ? 1 : (options.readers ?? Math.min(availableParallelism(), 4))
    pipeline = new Pipeline(
      { ...options, put: pace.of(options.put) },
      { opened, directory, journal, readers, clock, signal, fail },
    )

    session = await engine.begin(settings, plan, {
      signal,
      concurrency: readers,
      scratch: directory.scratch,
      step: number => reporter.step(number, steps[number - 1] ?? ''),
      warn,
      now: clock.now,
    })
    const { writers, spool, last, upload } = pipeline
    const { recipients } = agent
    const total = expectedBytes > 0 ? expectedBytes : null
    const totals = await stageArtefacts({
      session,
      writers,
      recipients,
      spool,
      signal,
      onProgress: ({ sourceBytes }) => reporter.progress({ label: 'sealed', done: sourceBytes, total }),
      onFailure: fail,
    })
    if (totals.artefacts === 0)
      throw new Failure('nothing-to-back-up', 'There is nothing to back up', { why: 'the source yielded no artefact' })
    const { sealedSize, ...index } = await writeIndex(spool.lines(), recipients, last)
    const units = session.units()
    const unitList = await writeUnits(units, last)
    await pipeline.finish()
    signal.throwIfAborted()

    const { artefacts, sourceBytes } = totals
    const sealedBytes = totals.sealedBytes + sealedSize
    const manifest: Manifest = {
      format: 'failsafe.manifest/1',
      agent: agent.agent,
      source,
      snapshot,
      run,
      engine: engine.kind,
      engineVersion,
      uploader: options.uploader,
      lane,
      kind,
      startedAt,
      sealedAt: clock.now().toISOString(),
      recipients,
      partSize,
      packs: upload.packs,
      totals: { artefacts, sourceBytes, sealedBytes },
      index,
      units: unitList,
    }
    const jws = await sign(manifest.format, Manifest.parse(manifest), agent.key)
    await journal.append({ type: 'sealed', manifest: jws })
    signal.throwIfAborted()
    const { warnings } = await unlessRefused('commit', () => receiver.commit(snapshot, token, jws))
    asked = 'committed'
    for (const warning of warnings) warn('receiver', warning)
    await afterwards(session)
    await rememberPace(kind, sealedBytes / expectedBytes)
    const bytes = { source: sourceBytes, sealed: sealedBytes, ...upload.bytes }
    return { kind, promoted, snapshot, units, steps, artefacts, bytes, restorable: restorable(units) }
  } catch (error) {
    // The first failure is the cause; what else broke off, broke off because of it.
    fail(error)
    throw signal.reason
  } finally {
    stop.abort()
    options.signal.removeEventListener('abort', cancel)
    // Not even a disk that fails now keeps the snapshot from being aborted and the source from being released.
    await pipeline?.release().catch(left)
    await briefly(Promise.resolve(lease), abortTime)
    const over = await isOver()
    await journal?.close().catch(left)
    await sweep(over)
    await session?.close(outcome()).catch(error => {
      warn('close-failed', `The source may still hold what the backup took: ${messageOf(error)}`)
    })
  }

  async function open({ kind, steps, expectedBytes }: Plan, promoted: string | null) {
    reporter.plan({ source: options.source, engine: engine.kind, kind, promoted, steps })
    if (options.hold) {
      const { longest, pace: earlier } = options.hold
      requireShortHold({ kind, expectedBytes }, staging, longest, await earlier.read(source, kind))
    }
    const request = { source, lane: laneOf(kind), kind, run, expectedBytes }
    await journal!.append({ type: 'run', format: 'failsafe.journal/1', ...request })
    signal.throwIfAborted()
    return unlessRefused('open', () => receiver.open(request))
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
  async function afterwards(session: Session): Promise<void> {
    try {
      await journal!.append({ type: 'committed' })
      for (const note of (await session.committed(opened!.snapshot)).notes) warn('note', note)
    } catch (error) {
      warn('afterwards-failed', `The snapshot is committed, but the source could not be told: ${messageOf(error)}`)
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

  /** Whether the receiver knows that this snapshot is over; it is told so where it has to be. */
  async function isOver(): Promise<boolean> {
    if (asked === 'nothing' || asked === 'committed') return true
    if (asked === 'commit' || !opened) return false
    return (await briefly(receiver.abort(opened.snapshot, opened.lease.token), abortTime)) === 'done'
  }

  async function sweep(over: boolean): Promise<void> {
    await (over ? directory?.remove() : directory?.empty())?.catch(left)
  }

  function left(error: unknown): void {
    warn('staging-left', `Something was left in ${directory!.path}: ${messageOf(error)}`)
  }

  function outcome(): Parameters<Session['close']>[0] {
    if (asked === 'committed') return 'succeeded'
    return options.signal.aborted ? 'cancelled' : 'failed'
  }
}

function headMoved(): Failure {
  return new Failure('head-moved', 'Another snapshot of this source was committed meanwhile', {
    fix: 'Run the backup again',
    retriable: true,
  })
}

function cancelled(): Failure {
  return new Failure('cancelled', 'The backup was interrupted', {
    why: 'a signal asked to stop',
    fix: 'Run it again; nothing of it was kept',
    retriable: true,
  })
}
