import { Promotion } from '../../shared/api/agent.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { LaneHeads } from '../../shared/snapshot.ts'
import type { Plan } from '../engines/engine.ts'
import type { BackupOptions } from './backup.ts'

/** What a run makes, and why, where it is not what was asked for. */
export interface Decision {
  plan: Plan
  promoted: string | null
}

/**
 * A log that the receiver says would be of no use is made a full, whoever asked for it, and so is whatever the engine itself found impossible when it
 * began. In the first case the engine knows nothing of that: it is asked for a full.
 */
export function decide<S, I>(
  { engine, mode }: Pick<BackupOptions<S, I>, 'engine' | 'mode'>,
  inventory: I,
  heads: LaneHeads,
  promote: { found: { reason: string } | null; received: { reason: string } | null },
): Decision {
  const requested = mode === 'auto' ? (heads.data ? 'log' : 'full') : mode
  const instead = promote.found ?? (requested === 'log' ? promote.received : null)
  const plan = engine.plan(instead ? 'full' : requested, inventory, heads)
  return { plan, promoted: instead?.reason ?? plan.promoted?.reason ?? null }
}

/** The receiver's reason, where it refuses to open a log: it may have learnt of it after the heads were asked for. */
export function promotionIn(error: unknown): Promotion | undefined {
  if (!(error instanceof ProblemError) || error.code !== 'promotion-needed') return undefined
  return Promotion.safeParse(error.extra.promote).data
}
