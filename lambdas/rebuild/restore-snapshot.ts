import type { SnapshotId } from '../../shared/ids.ts'
import type { StoredManifest } from '../catalogue/commits.ts'
import { manifestKey, packKey, snapshotKey } from '../catalogue/keys.ts'
import type { Committed } from '../catalogue/snapshots.ts'
import { put, type Table } from '../catalogue/table.ts'
import { keepUnits } from '../catalogue/units.ts'
import { chainOf } from '../commit/chain.ts'
import { chainWarnings } from '../commit/warnings.ts'
import type { Lock } from '../vault/lock.ts'
import type { Proven } from './inspect.ts'
import { putNew } from './restore-tenant.ts'

/** The newest snapshots of a source before the one that is put back. */
export type Heads = Record<'data' | 'log', SnapshotId | null>

/**
 * Writes a committed snapshot's items, itself last of all: one that is found is whole. What only the catalogue knew is gone: proofs, the token of
 * its lease, and what it was expected to hold.
 * @returns false when another rebuild was first
 */
export async function restoreSnapshot(table: Table, proven: Proven, heads: Heads): Promise<boolean> {
  const { receipt, receiptVersion, manifest, unitLines, units, packLocks, lock } = proven
  const { snapshot, receivedAt } = receipt
  await put(table, { key: manifestKey(snapshot), item: storedManifest(proven) })
  for (const [i, { key: _, ...pack }] of receipt.packs.entries())
    await put(table, {
      key: packKey(snapshot, pack.n),
      item: { ...pack, uploadId: '', ...lockedUntil(packLocks[i] ?? null, receipt.lock.until) },
    })
  const keptUnits = await keepUnits(table, snapshot, unitLines)
  const log = { source: receipt.source, head: heads.log, receivedAt }
  const chain = receipt.lane === 'log' ? await chainOf(table, log, units, heads.data) : undefined
  const item: Committed = {
    state: 'committed',
    snapshot,
    source: receipt.source,
    tenant: receipt.tenant,
    agent: receipt.agent.id,
    engine: receipt.engine,
    lane: receipt.lane,
    kind: receipt.kind,
    run: receipt.run,
    lease: 'rebuilt',
    head: heads[receipt.lane],
    partSize: manifest.partSize,
    expectedBytes: manifest.packs.reduce((sum, { size }) => sum + size, 0),
    openedAt: receipt.openedAt,
    receivedAt,
    // without a lock nothing holds it any longer than it was received
    lockedUntil: lockedUntil(lock, receipt.lock.until).lockedUntil ?? receivedAt,
    lockMode: lock?.mode ?? receipt.lock.mode,
    minimumDays: receipt.retention.minimumDays,
    manifestSha256: receipt.manifest.sha256,
    ...keptUnits,
    totals: { ...manifest.totals, storedBytes: receipt.packs.reduce((sum, { size }) => sum + size, 0) },
    warnings: [...receipt.warnings, ...chainWarnings(chain)],
    metaVersions: { manifest: receipt.manifest.versionId, units: receipt.units.versionId, receipt: receiptVersion },
    ...(chain && { chain }),
  }
  return putNew(table, { key: snapshotKey(snapshot, receipt.lane), item })
}

function storedManifest({ receipt: { receiver, agent }, jws, manifest }: Proven): StoredManifest {
  return {
    manifest: jws,
    receiver,
    recipients: manifest.recipients,
    agent: agent.id,
    agentName: agent.name,
    agentKey: agent.key,
    certificate: agent.certificate,
    customerKey: agent.customerKey,
    succession: agent.succession,
  }
}

/** As S3 says it now. It may keep whole seconds only: what differs by less than one is what was asked for. */
function lockedUntil(lock: Lock | null, asked: string): { lockedUntil?: string } {
  if (!lock) return {}
  const same = Math.abs(lock.until.getTime() - Date.parse(asked)) < 1000
  return { lockedUntil: same ? asked : lock.until.toISOString() }
}
