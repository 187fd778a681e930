import { availableParallelism } from 'node:os'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { RunId, SourceId } from '../../shared/ids.ts'
import { sign } from '../../shared/jws.ts'
import { Manifest } from '../../shared/manifest.ts'
import { ProblemError } from '../../shared/problem.ts'
import { laneOf } from '../../shared/snapshot.ts'
import type { Session } from '../engines/engine.ts'
import { Budget, partsWithin } from '../staging/budget.ts'
import { RunDirectory } from '../staging/directory.ts'
import { IndexSpool } from '../staging/index-spool.ts'
import { Journal } from '../staging/journal.ts'
import { PackWriter } from '../staging/pack-writer.ts'
import type { Clock } from '../transfer/clock.ts'
import { keepLease } from '../transfer/lease.ts'
import { newPutPart } from '../transfer/put-part.ts'
import { Upload } from '../transfer/upload.ts'
import type { BackupOptions, BackupResult, Warning } from './backup.ts'
import { briefly } from './briefly.ts'
import { writeIndex, writeUnits } from './conclude.ts'
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
  context: { source: SourceId; run: RunId; clock: Clock; warnings: Warning[] },
): Promise<Taken> {
  const { engine, settings, mode, receiver, agent, staging, reporter } = options
  const { source, run, clock } = context
  const startedAt = clock.now().toISOString()
  const stop = new AbortController()
  const cancel = () => stop.abort(cancelled())
  options.signal.addEventListener('abort', cancel, { once: true })
  if (options.signal.aborted) cancel()
  const { signal } = stop
  const fail = (error: unknown) => stop.abort(error)
  const warn = (code: string, message: string) => {
    context.warnings.push({ code, message })
    reporter.warning(code, message)
  }

  let directory: RunDirectory | undefined
  let journal: Journal | undefined
  let session: Session | undefined
  let upload: Upload | undefined
  let spool: IndexSpool | undefined
  let writers: PackWriter[] = []
  let opened: Awaited<ReturnType<typeof receiver.open>> | undefined
  let asked: 'open' | 'refused' | 'commit' | 'committed' = 'open'
  let lease: Promise<void> | undefined
  const http = options.put ? undefined : newPutPart(options.upload.concurrency)
  const put = options.put ?? http!.put

  try {
    const heads = await receiver.heads(source)
    const inventory = await engine.inspect(settings, signal)
    const requested = mode === 'auto' ? (heads.data ? 'log' : 'full') : mode
    const plan = engine.plan(requested, inventory, heads)
    const { kind, promoted, steps } = plan
    reporter.plan({ source: options.source, engine: engine.kind, kind, promoted: promoted?.reason ?? null, steps })

    const lane = laneOf(plan.kind)
    const request = { source, lane, kind: plan.kind, run, expectedBytes: plan.expectedBytes }
    directory = await RunDirectory.make(staging.dir, source, run)
    journal = await Journal.create(directory.journal)
    await journal.append({ type: 'run', format: 'failsafe.journal/1', ...request })
    signal.throwIfAborted()
    opened = await receiver.open(request).catch(error => {
      if (error instanceof ProblemError && !error.retriable) asked = 'refused'
      throw error
    })
    const { snapshot, partSize, limits } = opened
    await journal.append({ type: 'opened', snapshot, lease: opened.lease.token, partSize })
    if (opened.heads[lane]?.snapshot !== heads[lane]?.snapshot)
      throw new Failure('head-moved', 'Another snapshot of this source was committed meanwhile', {
        fix: 'Run the backup again',
        retriable: true,
      })
    lease = keepLease({ receiver, snapshot, lease: opened.lease, clock, signal, onLost: fail })

    // What fits into one part goes up as one part.
    const readers = plan.expectedBytes <= partSize ? 1 : (options.readers ?? Math.min(availableParallelism(), 4))
    const budget = new Budget(partsWithin(staging.maxBytes, partSize, readers))
    const state = { journal, total: undefined as number | undefined }
    upload = new Upload({
      receiver,
      snapshot,
      lease: opened.lease.token,
      put,
      budget,
      concurrency: options.upload.concurrency,
      partSize,
      partsPerWindow: limits.partsPerWindow,
      clock,
      patience: options.patience,
      signal,
      onAcknowledged: ({ pack, number }) => {
        state.journal.append({ type: 'acknowledged', pack, number }).catch(fail)
      },
      onProgress: done => {
        if (state.total !== undefined) reporter.progress({ label: 'uploaded', done, total: state.total })
      },
      onFailure: fail,
    })
    const { add, endPack } = bound(upload)
    let packs = 0
    const writer = () =>
      new PackWriter({
        directory: directory!,
        budget,
        partSize,
        partsPerPack: limits.partsPerPack,
        nextPack: () => ++packs,
        async onPart(part) {
          const { pack, number, size, digest } = part
          await state.journal.append({ type: 'staged', pack, number, size, sha256: digest.toString('base64') })
          add(part)
        },
        onPackEnd: endPack,
        signal,
      })
    writers = Array.from({ length: readers }, writer)
    spool = new IndexSpool(directory.spool, indexRoom(budget, partSize, readers, signal))

    session = await engine.begin(settings, plan, {
      signal,
      concurrency: readers,
      step: number => reporter.step(number, plan.steps[number - 1] ?? ''),
      warn,
      now: clock.now,
    })
    const { recipients } = agent
    const total = plan.expectedBytes > 0 ? plan.expectedBytes : null
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
    const [first] = writers as [PackWriter]
    const { sealedSize, ...index } = await writeIndex(spool.lines(), recipients, first)
    const entries = session.units()
    const units = await writeUnits(entries, first)
    await first.end()
    state.total = upload.staged
    await upload.settled()
    signal.throwIfAborted()

    const sealedBytes = totals.sealedBytes + sealedSize
    const manifest: Manifest = {
      format: 'failsafe.manifest/1',
      agent: agent.agent,
      source,
      snapshot,
      run,
      engine: engine.kind,
      engineVersion: plan.engineVersion,
      uploader: options.uploader,
      lane,
      kind: plan.kind,
      startedAt,
      sealedAt: clock.now().toISOString(),
      recipients,
      partSize,
      packs: upload.packs,
      totals: { artefacts: totals.artefacts, sourceBytes: totals.sourceBytes, sealedBytes },
      index,
      units,
    }
    const jws = await sign(manifest.format, Manifest.parse(manifest), agent.key)
    await journal.append({ type: 'sealed', manifest: jws })
    signal.throwIfAborted()
    asked = 'commit'
    const committed = await receiver.commit(snapshot, opened.lease.token, jws)
    asked = 'committed'
    await journal.append({ type: 'committed', receivedAt: committed.receivedAt })
    for (const warning of committed.warnings) warn('receiver', warning)
    await afterwards(session)
    return {
      kind: plan.kind,
      promoted: plan.promoted?.reason ?? null,
      snapshot,
      units: entries,
      steps: plan.steps,
      artefacts: totals.artefacts,
      bytes: { source: totals.sourceBytes, sealed: sealedBytes, ...upload.bytes },
      restorable: restorable(entries),
    }
  } catch (error) {
    // The first failure is the cause; what else broke off, broke off because of it.
    const cause = signal.aborted ? signal.reason : error
    fail(cause)
    throw cause
  } finally {
    const succeeded = asked === 'committed'
    stop.abort()
    options.signal.removeEventListener('abort', cancel)
    await briefly(Promise.all([upload?.settled(), lease]), abortTime)
    await Promise.all(writers.map(writer => writer.discard()))
    await spool?.close()
    const over = succeeded || (await abandon())
    await journal?.close()
    await sweep(over)
    await session?.close(succeeded ? 'succeeded' : options.signal.aborted ? 'cancelled' : 'failed').catch(error => {
      warn('close-failed', `The source may still hold what the backup took: ${messageOf(error)}`)
    })
    http?.close()
  }

  /** The snapshot is safe: what the source makes of it can only be noted. */
  async function afterwards(session: Session): Promise<void> {
    try {
      for (const note of (await session.committed(opened!.snapshot)).notes) warn('note', note)
    } catch (error) {
      warn('afterwards-failed', `The snapshot is committed, but the source could not be told: ${messageOf(error)}`)
    }
  }

  /** @returns whether the receiver knows that this snapshot is over */
  async function abandon(): Promise<boolean> {
    if (asked === 'commit') return false
    if (!opened) return asked === 'refused' || journal === undefined
    return (await briefly(receiver.abort(opened.snapshot, opened.lease.token), abortTime)) === 'done'
  }

  async function sweep(over: boolean): Promise<void> {
    try {
      await (over ? directory?.remove() : directory?.empty())
    } catch (error) {
      warn('staging-left', `Something was left in ${directory!.path}: ${messageOf(error)}`)
    }
  }
}

function bound(upload: Upload) {
  return { add: upload.add.bind(upload), endPack: upload.endPack.bind(upload) }
}

/** A long index takes places of the budget as it grows, as long as enough are left for the parts. */
function indexRoom(budget: Budget, partSize: number, readers: number, signal: AbortSignal) {
  let places = 0
  return async (size: number) => {
    while (places * partSize < size) {
      if (budget.capacity - places - 1 < readers + 1)
        throw new Failure('staging-too-small', 'The staging budget is too small for the index of this snapshot', {
          why: 'it lists very many artefacts',
          fix: `Raise staging.maxBytes by at least ${Math.ceil(partSize / (1024 * 1024))}MiB`,
        })
      await budget.acquire(signal)
      places += 1
    }
  }
}

function cancelled(): Failure {
  return new Failure('cancelled', 'The backup was interrupted', {
    why: 'a signal asked to stop',
    fix: 'Run it again; nothing of it was kept',
    retriable: true,
  })
}
