import type { TimelineSnapshot } from '../../shared/api/restore.ts'
import { Failure } from '../../shared/failure.ts'
import { SnapshotId, type SourceId, sourceOf } from '../../shared/ids.ts'
import type { HttpReceiver } from '../receiver/http.ts'
import { findSource } from './connect.ts'

export interface Located {
  source: SourceId
  sourceName: string
  snapshot: TimelineSnapshot
}

/** The newest snapshot of a source, or the one with this id. @throws Failure `snapshot-unknown` or `source-unknown` */
export async function locate(receiver: HttpReceiver, name: string): Promise<Located> {
  return SnapshotId.safeParse(name).success ? byId(receiver, name) : newestOf(receiver, name)
}

export async function newestOf(receiver: HttpReceiver, name: string): Promise<Located> {
  const { source, name: sourceName } = await findSource(receiver, name)
  const { snapshots } = await receiver.timeline(source, { limit: 1 })
  if (snapshots[0]) return { source, sourceName, snapshot: snapshots[0] }
  throw new Failure('snapshot-unknown', `There is no snapshot of ${sourceName} yet`, {
    fix: `Make one with: failsafe backup ${sourceName}`,
  })
}

async function byId(receiver: HttpReceiver, id: SnapshotId): Promise<Located> {
  const source = sourceOf(id)
  let before: string | undefined
  do {
    const page = await receiver.timeline(source, { limit: 100, ...(before === undefined ? {} : { before }) })
    const snapshot = page.snapshots.find(candidate => candidate.snapshot === id)
    if (snapshot) return { source, sourceName: page.sourceName, snapshot }
    before = page.next ?? undefined
  } while (before !== undefined)
  throw new Failure('snapshot-unknown', `There is no snapshot ${id}`, { fix: 'See: failsafe list' })
}
