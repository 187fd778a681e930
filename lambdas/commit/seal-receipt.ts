import type { Manifest } from '../../shared/manifest.ts'
import type { StoredManifest } from '../catalogue/commits.ts'
import type { CompletePack } from '../catalogue/packs.ts'
import { recordLocked } from '../catalogue/packs.ts'
import type { Committed, SnapshotIn } from '../catalogue/snapshots.ts'
import type { Source } from '../catalogue/sources.ts'
import { type MetaName, metaKey, packKey } from '../vault/keys.ts'
import type { Lock } from '../vault/lock.ts'
import type { Receipt } from '../vault/receipt.ts'
import { forEach } from './limits.ts'
import type { CommitPorts } from './ports.ts'

export interface Contents {
  manifest: Manifest
  stored: StoredManifest
  source: Source
  packs: CompletePack[]
  unitLines: Uint8Array
  warnings: string[]
}

/**
 * Locks every version, then writes manifest, unit list and, last of all, the receipt, locked themselves. Idempotent.
 * @returns the versions of those three
 */
export async function lockAndWriteReceipt(
  ports: CommitPorts,
  snapshot: SnapshotIn<'committing'>,
  contents: Contents,
  deadline: number,
): Promise<NonNullable<Committed['metaVersions']>> {
  const { catalogue, vault, clock } = ports
  const { manifest, stored, source, packs, unitLines, warnings } = contents
  const until = new Date(snapshot.lockedUntil)
  // a commit that stood still for so long that its lock is over already: S3 takes none that ends in the past
  const lock: Lock | undefined = until > clock() ? { mode: snapshot.lockMode, until } : undefined
  await forEach(packs, { clock, deadline }, async ({ n, versionId, lockedUntil }) => {
    if (!lock || lockedUntil === snapshot.lockedUntil) return
    await vault.lock(packKey(snapshot, n), versionId, lock)
    await recordLocked(catalogue, snapshot.snapshot, n, snapshot.lockedUntil)
  })
  const put = async (name: MetaName, body: Uint8Array, type: string) => {
    const key = metaKey(snapshot, name)
    return { key, versionId: await vault.putLocked({ key, body, type }, lock) }
  }
  const manifestObject = await put('manifest.jws', Buffer.from(stored.manifest), 'application/jose')
  const unitsObject = await put('units.jsonl', unitLines, 'application/jsonl')
  const receipt: Receipt = {
    format: 'failsafe.receipt/1',
    receiver: stored.receiver,
    tenant: snapshot.tenant,
    source: snapshot.source,
    sourceName: source.name,
    engine: snapshot.engine,
    snapshot: snapshot.snapshot,
    run: snapshot.run,
    lane: snapshot.lane,
    kind: snapshot.kind,
    openedAt: snapshot.openedAt,
    receivedAt: snapshot.receivedAt,
    lock: { mode: snapshot.lockMode, until: snapshot.lockedUntil },
    retention: { minimumDays: snapshot.minimumDays },
    agent: {
      id: stored.agent,
      name: stored.agentName,
      key: stored.agentKey,
      certificate: stored.certificate,
      customerKey: stored.customerKey,
      succession: stored.succession,
    },
    packs: packs.map(({ n, size, parts, sha256, versionId }) => ({
      n,
      size,
      parts,
      sha256,
      key: packKey(snapshot, n),
      versionId,
    })),
    manifest: { ...manifestObject, sha256: snapshot.manifestSha256 },
    units: { ...unitsObject, sha256: manifest.units.sha256, count: manifest.units.count },
    warnings,
  }
  const receiptObject = await put(
    'commit.json',
    Buffer.from(`${JSON.stringify(receipt, null, 1)}\n`),
    'application/json',
  )
  return {
    manifest: manifestObject.versionId,
    units: unitsObject.versionId,
    receipt: receiptObject.versionId,
  }
}
