import { messageOf } from '../../../shared/failure.ts'
import { type NewNotice, raiseCondition, recoverCondition } from '../../catalogue/notices.ts'
import { findSnapshot, type SnapshotIn } from '../../catalogue/snapshots.ts'
import { findSource } from '../../catalogue/sources.ts'
import { carryOn } from '../../commit/commit.ts'
import type { JanitorPorts, Remaining } from '../ports.ts'

/** Milliseconds after which somebody should know that a commit does not come to its end. */
const patience = 3_600_000

/**
 * Drives a commit that has begun to its end, which may take several invocations. It stays due until then.
 * @throws whatever stops it, after an hour with the condition `commit-stuck` raised
 */
export async function finishCommitting(
  ports: JanitorPorts,
  snapshot: SnapshotIn<'committing'>,
  remaining: Remaining,
): Promise<void> {
  const { catalogue, clock } = ports
  const late = () => clock().getTime() - Date.parse(snapshot.receivedAt) > patience
  let done: boolean
  try {
    done = (await carryOn(ports, snapshot, clock().getTime() + remaining())) !== undefined
  } catch (error) {
    // what the vault holds is not what the manifest says: that ends the snapshot, and the agent is told so when it asks
    if ((await findSnapshot(catalogue, snapshot.snapshot))?.state === 'abandoned') return
    if (late()) await raiseCondition(catalogue, await stuck(error))
    throw error
  }
  if (done) await recoverCondition(catalogue, await stuck())
  else if (late()) await raiseCondition(catalogue, await stuck())

  async function stuck(error?: unknown): Promise<NewNotice> {
    const { tenant, source: id, receivedAt } = snapshot
    const name = (await findSource(catalogue, tenant, id))?.name ?? id
    return {
      at: clock().toISOString(),
      receiver: ports.env.RECEIVER_ID,
      tenant,
      kind: 'commit-stuck',
      severity: 'critical',
      subject: { type: 'source', id, name },
      text: `A snapshot of ${name} was received at ${receivedAt}, and its commit cannot be finished${error === undefined ? '' : `: ${messageOf(error)}`}. It is tried again every hour; look at the log of the function janitor.`,
      detail: { snapshot: snapshot.snapshot },
    }
  }
}
