import type { UnitEntry } from '../../shared/snapshot.ts'
import type { Agent } from '../catalogue/agents.ts'
import { isInDoubt, isTakenOnBad } from '../catalogue/doubt.ts'
import { findCondition, type NewNotice, notify, raiseCondition, recoverCondition } from '../catalogue/notices.ts'
import type { Proof } from '../catalogue/proofs.ts'
import { mayTell } from '../catalogue/rates.ts'
import type { Committed, SnapshotIn } from '../catalogue/snapshots.ts'
import { findSource, type Source } from '../catalogue/sources.ts'
import type { Ports } from '../http/ports.ts'

type Told = Pick<Ports, 'catalogue' | 'env' | 'clock'>

/*
 * The condition `proof-failed` of a source: its newest state needs a snapshot that a verify or a drill found unreadable.
 *
 *   raised by a proof that fails                              over with a proof that passes where the other failed,
 *   (of an older snapshot it is an event: told once)          or with a full or differential that needs nothing bad
 *
 * Each change counts among the notices that a host's own word makes. Beyond those of a day the condition is still raised, but stays open.
 */

/** @param before the snapshot as it was before the proof was recorded */
export async function tellProof(ports: Told, agent: Agent, before: Committed, proof: Proof): Promise<void> {
  const { catalogue, clock } = ports
  const failed = proof.outcome === 'failed'
  if (!failed && !before.bad) return
  const source = await findSource(catalogue, before.tenant, before.source)
  if (!source) return
  const isTold = () => mayTell(catalogue, agent.agent, clock())
  const inDoubt = await isInDoubt(catalogue, before.source)
  if (!failed) {
    if (!inDoubt && (await isTold())) await recoverCondition(catalogue, soundNotice(ports, source))
    return
  }
  const notice = failedNotice(ports, agent, source, before, proof)
  if (inDoubt) {
    if (await raiseCondition(catalogue, notice)) await isTold()
  } else if (!before.bad && (await isTold())) await notify(catalogue, notice)
}

/** The state that a commit leaves needs nothing that was found bad: a full by itself, a differential where that is so of what it is taken on. */
export async function tellSound(
  ports: Told,
  source: Source,
  { kind }: SnapshotIn<'committing'>,
  units: UnitEntry[],
): Promise<void> {
  const { catalogue } = ports
  if (kind === 'log') return
  // Mostly it is not open: then nothing is read of the fulls that a differential is taken on.
  const known = await findCondition(catalogue, source.tenant, 'proof-failed', source.source)
  if (known?.recoveredAt !== null || (kind === 'differential' && (await isTakenOnBad(catalogue, units)))) return
  await recoverCondition(catalogue, soundNotice(ports, source))
}

function failedNotice(
  ports: Told,
  agent: Agent,
  source: Source,
  { snapshot, kind, receivedAt }: Committed,
  { method, level, detail }: Proof,
): NewNotice {
  const why = detail === undefined ? '' : ` (${detail})`
  return {
    ...about(ports, source),
    severity: 'critical',
    text: `A ${method} on ${agent.name} found the ${kind} of ${source.name} that was received at ${receivedAt} unreadable${why}. Have a full backup run, and do not remove older ones until one has been verified.`,
    detail: { snapshot, method, level, agent: agent.agent },
  }
}

function soundNotice(ports: Told, source: Source): NewNotice {
  return {
    ...about(ports, source),
    severity: 'info',
    text: `The newest state of ${source.name} needs no snapshot any more that was found unreadable.`,
  }
}

function about({ env, clock }: Told, { tenant, source, name }: Source): Omit<NewNotice, 'severity' | 'text'> {
  return {
    at: clock().toISOString(),
    receiver: env.RECEIVER_ID,
    tenant,
    kind: 'proof-failed',
    subject: { type: 'source', id: source, name },
  }
}
