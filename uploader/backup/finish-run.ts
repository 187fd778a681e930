import { Failure } from '../../shared/failure.ts'
import { newUlid, type RunId, type SnapshotId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import { faultPoint } from '../fault-point.ts'
import { Journal, type RecordOf } from '../staging/journal.ts'
import type { Remains } from '../staging/remains.ts'
import type { Clock } from '../transfer/clock.ts'
import { keepLease } from '../transfer/lease.ts'
import type { BackupOptions, Opened } from './backup.ts'
import { briefly } from './briefly.ts'
import { Pipeline } from './pipeline.ts'
import { signManifest } from './sign-manifest.ts'
import { stoppable } from './stop.ts'
import { mayPass, withStaged } from './with-staged.ts'

/** How long calls under way may take to end. */
const settleTime = 15_000

/** A run that died when nothing more was needed of its source. */
export interface Staged extends Remains {
  run: RecordOf<'run'>
  opened: RecordOf<'opened'>
  allStaged: RecordOf<'all-staged'>
}

export function isStaged(remains: Remains): remains is Staged {
  return remains.run !== undefined && remains.opened !== undefined && remains.allStaged !== undefined
}

/** `warnings` are the receiver's. */
export interface Finished {
  run: RunId
  snapshot: SnapshotId
  warnings: string[]
}

/**
 * Goes on with the parts of such a run where the storage says that they stand, and commits.
 *
 *   same run asked again ─▶ its snapshot ──────────────────────────────────▶ what is not there is sent ─▶ manifest ─▶ commit
 *                       └─▶ another one: nothing is there. All parts on disk? ─▶ all of it is sent ─┘
 *                       └─▶ refused, its snapshot was given up: the same with a new run id
 *
 * @throws Failure, one that `isInVain` where no later try can succeed
 */
export async function finishRun<S, I>(options: BackupOptions<S, I>, remains: Staged, clock: Clock): Promise<Finished> {
  const { receiver, agent, engine } = options
  const { directory, allStaged } = remains
  let { run } = remains
  const { signal, fail, end } = stoppable(options.signal)
  const journal = await Journal.reopen(directory.journal, remains.length)
  let pipeline: Pipeline | undefined
  let lease: Promise<void> | undefined
  try {
    await directory.empty(path => directory.isPart(path))
    const opened = await openAgain()
    const { snapshot } = opened
    lease = keepLease({ receiver, snapshot, lease: opened.lease, clock, signal, onLost: fail })
    const laid = [...remains.packs.values()]
    pipeline = new Pipeline(options, { opened, directory, journal, readers: 0, laid, clock, signal, fail })
    await pipeline.takeUp()
    await pipeline.finish()
    signal.throwIfAborted()
    faultPoint('parts-uploaded')
    const { packs } = pipeline.upload
    const jws = await signManifest(agent, engine.kind, { run, opened, allStaged, packs, now: clock.now() })
    await journal.append({ type: 'sealed', manifest: jws })
    faultPoint('manifest-journalled')
    signal.throwIfAborted()
    const { warnings } = await receiver.commit(snapshot, opened.lease.token, jws)
    faultPoint('commit-answered')
    await journal.append({ type: 'committed' })
    faultPoint('commit-journalled')
    return { run: run.run, snapshot, warnings }
  } catch (error) {
    fail(error)
    throw mayPass(signal.reason) ? withStaged(signal.reason) : signal.reason
  } finally {
    end()
    await pipeline?.release()
    await briefly(Promise.resolve(lease), settleTime)
    await journal.close()
  }

  async function openAgain(): Promise<Opened> {
    const { source, lane, kind, expectedBytes } = run
    const request = { source, lane, kind, expectedBytes }
    const before = remains.opened
    let opened: Opened
    try {
      opened = await receiver.open({ ...request, run: run.run })
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'snapshot-state') throw error
      run = { ...run, run: newUlid(clock.now().getTime()) }
      await journal.append(run)
      opened = await receiver.open({ ...request, run: run.run })
    }
    const { snapshot, partSize } = opened
    if (snapshot === before.snapshot) return opened
    try {
      const head = opened.heads[lane]?.snapshot ?? null
      if (head !== before.head) throw gone('and another snapshot was committed meanwhile')
      if (partSize !== before.partSize) throw gone('and the receiver wants parts of another size now')
      if (!isAllHere()) throw gone('and some of its parts were sent and removed from this disk already')
    } catch (error) {
      await receiver.abort(snapshot, opened.lease.token)
      throw error
    }
    await journal.append({ type: 'opened', snapshot, lease: opened.lease.token, partSize, head: before.head })
    return opened
  }

  function isAllHere(): boolean {
    return [...remains.packs.values()].every(
      ({ parts, complete }) => !complete && parts.every(part => !part.acknowledged),
    )
  }
}

/**
 * Whether what a run had staged is of no use any more: a file, the snapshot or the manifest is not what it was. So it is with a mistake of ours, which would stand
 * in the way of every run from now on. Not so with an agent that is refused, a lane that is held, a quota that is used up, or a disk: somebody can put that right.
 */
export function isInVain(error: unknown): boolean {
  return !(error instanceof Failure) || inVain.has(error.code)
}

const inVain = new Set([
  'snapshot-gone',
  'nothing-kept',
  'part-lost',
  'staging-damaged',
  'snapshot-state',
  'lease-stale',
  'not-found',
  'promotion-needed',
  'head-moved',
  'pack-mismatch',
  'manifest-invalid',
  'invalid-request',
])

function gone(why: string): Failure {
  return new Failure('snapshot-gone', 'Its snapshot was given up at the receiver', { why })
}
