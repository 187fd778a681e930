import { isKept } from '../../shared/retention-plan.ts'
import { revive, tombstone } from '../catalogue/tombstones.ts'
import { forEach } from '../commit/limits.ts'
import type { Judgement } from '../retention/judge-source.ts'
import type { JanitorPorts, Remaining } from './ports.ts'

/** What is not kept any more gets its tombstone; what is kept again comes back as it was, and before anything else goes. */
export async function moveTombstones(
  { catalogue, clock }: JanitorPorts,
  { history, verdicts }: Judgement,
  now: Date,
  remaining: Remaining,
): Promise<void> {
  const limits = { clock, deadline: clock().getTime() + remaining() }
  const all = verdicts.map(verdict => ({ kept: isKept(verdict), snapshot: history.stored.get(verdict.snapshot)! }))
  const back = all.filter(({ kept, snapshot }) => kept && snapshot.state === 'tombstoned')
  await forEach(back, limits, ({ snapshot }) => revive(catalogue, snapshot, now))
  const past = all.filter(({ kept, snapshot }) => !kept && snapshot.state === 'committed')
  await forEach(past, limits, ({ snapshot }) => tombstone(catalogue, snapshot, now))
}
