import type { Manifest } from '../../shared/manifest.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { Agent } from '../catalogue/agents.ts'
import { beginCommit, findManifest, finishCommit, type StoredManifest } from '../catalogue/commits.ts'
import { noteCommit } from '../catalogue/expectations.ts'
import { ensureKeep } from '../catalogue/keep.ts'
import { abandon, leaseStale } from '../catalogue/leases.ts'
import { hasPacksBeyond } from '../catalogue/packs.ts'
import type { Committed, SnapshotIn } from '../catalogue/snapshots.ts'
import { findSnapshot } from '../catalogue/snapshots.ts'
import { findSource } from '../catalogue/sources.ts'
import { isRefused } from '../catalogue/table.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { keepUnits } from '../catalogue/units.ts'
import { tellSound } from '../expectations/tell-proof.ts'
import { type Snapshot, snapshotState } from '../http/owned.ts'
import { policyFor } from '../retention/policy.ts'
import { chainOf, tellChain } from './chain.ts'
import { checkedManifest, manifestHash } from './check-manifest.ts'
import { commitSeconds, Unfinished } from './limits.ts'
import type { CommitPorts } from './ports.ts'
import { readUnits } from './read-units.ts'
import { noteRecipients } from './recipients.ts'
import { lockAndWriteReceipt } from './seal-receipt.ts'
import { signerOf } from './signer.ts'
import { verifyPacks } from './verify-packs.ts'
import { chainWarnings, clockWarnings } from './warnings.ts'

/*
 *   begin ─▶ verify packs ─▶ verify units ─▶ lock versions ─▶ manifest, units, receipt ─▶ chain, notices ─▶ finish
 *              └────────────────┴─ a mismatch ends the snapshot: nothing is locked yet
 *
 * Every arrow may be where a process dies. Asked again with the same manifest, or driven on by the janitor, each step finds what it did before and
 * goes on. What the receipt says was settled by `begin`; what a log continues is settled by `finish` alone, because the other lane goes on
 * meanwhile.
 */

/**
 * Commits a snapshot with the manifest that its agent signed.
 * @returns the committed snapshot, or undefined when there is more to do than one request may take: ask again
 */
export async function commit(
  ports: CommitPorts,
  by: { agent: Agent; tenant: Tenant },
  snapshot: Snapshot,
  request: { lease: string; manifest: string },
): Promise<Committed | undefined> {
  const deadline = ports.clock().getTime() + commitSeconds * 1000
  // A host that took another's place goes on with its sources, not with its runs.
  if (snapshot.lease !== request.lease || snapshot.agent !== by.agent.agent) throw leaseStale()
  switch (snapshot.state) {
    case 'abandoned':
      throw leaseStale()
    case 'committed':
      requireSameManifest(snapshot, request.manifest)
      return snapshot
    case 'committing':
      requireSameManifest(snapshot, request.manifest)
      return carryOn(ports, snapshot, deadline)
    case 'open': {
      const begun = await begin(ports, by, snapshot, request.manifest)
      return begun.state === 'committing' ? carryOn(ports, begun, deadline) : commit(ports, by, begun, request)
    }
  }
}

async function begin(
  { catalogue, clock, env }: CommitPorts,
  { agent, tenant }: { agent: Agent; tenant: Tenant },
  snapshot: SnapshotIn<'open'>,
  jws: string,
): Promise<Exclude<Snapshot, { state: 'open' }>> {
  const signer = await signerOf(agent, jws)
  const { recipients } = await checkedManifest(jws, snapshot, signer.agentKey)
  const receivedAt = clock()
  const source = await findSource(catalogue, snapshot.tenant, snapshot.source)
  const { minimumDays } = policyFor(tenant, source ?? {})
  const reception = {
    receivedAt: receivedAt.toISOString(),
    lockedUntil: new Date(receivedAt.getTime() + minimumDays * 86_400_000).toISOString(),
    lockMode: env.LOCK_MODE,
    minimumDays,
    manifestSha256: manifestHash(jws),
  }
  const stored: StoredManifest = {
    manifest: jws,
    receiver: env.RECEIVER_ID,
    recipients,
    agent: agent.agent,
    agentName: agent.name,
    ...signer,
    certificate: agent.certificate,
    customerKey: agent.customerKey,
  }
  try {
    return await beginCommit(catalogue, snapshot, reception, stored)
  } catch (error) {
    const now = await findSnapshot(catalogue, snapshot.snapshot)
    if (now?.state !== 'committing' && now?.state !== 'committed') throw error
    requireSameManifest(now, jws) // the same request was here at the same time, and was first
    return now
  }
}

/** From `committing` on: needs no lease, and could be called by whoever finishes what an agent began. */
export async function carryOn(
  ports: CommitPorts,
  snapshot: SnapshotIn<'committing'>,
  deadline: number,
): Promise<Committed | undefined> {
  const { catalogue, log } = ports
  const stored = await findManifest(catalogue, snapshot.snapshot)
  const source = await findSource(catalogue, snapshot.tenant, snapshot.source)
  if (!stored || !source) throw new Error(`snapshot ${snapshot.snapshot} has lost its manifest or its source`)
  const manifest = await checkedManifest(stored.manifest, snapshot, stored.agentKey)
  try {
    const { packs, lines, entries } = await verified(ports, snapshot, manifest, deadline)
    const clocks = clockWarnings(manifest, entries, snapshot.receivedAt)
    const contents = { manifest, stored, source, packs, unitLines: lines, warnings: clocks }
    const metaVersions = await lockAndWriteReceipt(ports, snapshot, contents, deadline)
    const units = await keepUnits(catalogue, snapshot.snapshot, lines)
    const chain = snapshot.lane === 'log' ? await chainOf(catalogue, snapshot, entries) : undefined
    await noteRecipients(ports, manifest, snapshot.receivedAt)
    await tellChain(ports, source, snapshot, entries, chain)
    await tellSound(ports, source, snapshot, entries)
    await ensureKeep(catalogue, source, ports.clock())
    const totals = totalsOf(manifest)
    const warnings = [...clocks, ...chainWarnings(chain)]
    const strays = await hasPacksBeyond(catalogue, snapshot.snapshot, manifest.packs.length)
    const outcome = { ...units, totals, warnings, metaVersions, chain, strays }
    await finishCommit(catalogue, snapshot, outcome, ports.clock())
  } catch (error) {
    if (error instanceof Unfinished || (error instanceof ProblemError && error.code === 'throttled')) return undefined
    throw error
  }
  const committed = await findSnapshot(catalogue, snapshot.snapshot)
  if (committed?.state !== 'committed') throw new Error(`snapshot ${snapshot.snapshot} did not stay committed`)
  await noteCommit(catalogue, source, committed, ports.clock())
  log.count('SnapshotsCommitted', 1)
  log.count('BytesCommitted', committed.totals.storedBytes)
  return committed
}

async function verified(ports: CommitPorts, snapshot: SnapshotIn<'committing'>, manifest: Manifest, deadline: number) {
  try {
    const packs = await verifyPacks(ports, snapshot, manifest, deadline)
    return { packs, ...(await readUnits(ports, snapshot, manifest, packs, deadline)) }
  } catch (error) {
    if (error instanceof ProblemError && (error.code === 'pack-mismatch' || error.code === 'manifest-invalid'))
      await giveUp(ports, snapshot, error)
    throw error
  }
}

function totalsOf({ totals, packs }: Manifest): Committed['totals'] {
  return { ...totals, storedBytes: packs.reduce((sum, { size }) => sum + size, 0) }
}

async function giveUp({ catalogue, clock }: CommitPorts, snapshot: SnapshotIn<'committing'>, problem: ProblemError) {
  await abandon(catalogue, snapshot, problem.line, clock()).catch(error => {
    if (!isRefused(error)) throw error // another request came to the same conclusion
  })
}

function requireSameManifest(snapshot: SnapshotIn<'committing' | 'committed'>, jws: string): void {
  if (manifestHash(jws) !== snapshot.manifestSha256) throw snapshotState(snapshot)
}
