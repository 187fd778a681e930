import { isKept } from '../../shared/retention-plan.ts'
import { revive, tombstone } from '../catalogue/tombstones.ts'
import { forEach } from '../commit/limits.ts'
import type { Judgement } from '../retention/judge-source.ts'
import { findStored, type Held } from '../retention/source-history.ts'
import type { JanitorPorts, Remaining } from './ports.ts'

/** What is not kept any more gets its tombstone; what is kept again comes back as it was, and before anything else goes. */
export async function moveTombstones(
  { catalogue, clock }: JanitorPorts,
  { history, verdicts }: Judgement,
  now: Date,
  remaining: Remaining,
): Promise<void> {
  const limits = { clock, deadline: clock().getTime() + remaining() }
  const all = verdicts.map(verdict => ({ kept: isKept(verdict), held: history.stored.get(verdict.snapshot)! }))
  const back = all.filter(({ kept, held }) => kept && held.tombstonedAt !== undefined)
  await forEach(back, limits, ({ held }) => move(held, revive))
  const past = all.filter(({ kept, held }) => !kept && held.tombstonedAt === undefined)
  await forEach(past, limits, ({ held }) => move(held, tombstone))

  async function move(held: Held, how: typeof revive): Promise<void> {
    const snapshot = await findStored(catalogue, held)
    if (snapshot) await how(catalogue, snapshot, now)
  }
}
