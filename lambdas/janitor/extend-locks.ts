import { isKept, lockWanted } from '../../shared/retention-plan.ts'
import { packsFrom } from '../catalogue/removal.ts'
import { recordLockedUntil } from '../catalogue/tombstones.ts'
import { forEach } from '../commit/limits.ts'
import type { Judgement } from '../retention/judge-source.ts'
import { findStored, type Held, type Stored } from '../retention/source-history.ts'
import type { MetaName } from '../vault/keys.ts'
import { metaKey, packKey } from '../vault/keys.ts'
import type { Lock } from '../vault/lock.ts'
import type { JanitorPorts, Remaining } from './ports.ts'

/**
 * Extends the locks of what kept snapshots need (docs/adr/0009). Nothing is ever shortened, and the mode stays that of the commit.
 * @throws whatever stopped one of them, after all others were tried; Unfinished
 */
export async function extendLocks(
  ports: JanitorPorts,
  { history, verdicts }: Judgement,
  now: Date,
  remaining: Remaining,
): Promise<void> {
  const { catalogue, clock } = ports
  const wanted: { held: Held; until: Date }[] = []
  for (const verdict of verdicts) {
    const held = history.stored.get(verdict.snapshot)!
    const until = isKept(verdict) ? lockWanted(verdict, held.lockedUntil, now) : undefined
    if (until !== undefined) wanted.push({ held, until: new Date(until) })
  }
  await forEach(wanted, { clock, deadline: clock().getTime() + remaining() }, async ({ held, until }) => {
    const snapshot = await findStored(catalogue, held)
    if (!snapshot) return
    await extendSnapshot(ports, snapshot, { mode: snapshot.lockMode, until })
    await recordLockedUntil(catalogue, snapshot, until)
  })
}

/** The receipt first: it goes first too, so that a snapshot of which only some versions were extended is never removed by halves. */
async function extendSnapshot({ catalogue, vault }: JanitorPorts, snapshot: Stored, lock: Lock): Promise<void> {
  const { metaVersions } = snapshot
  const meta: [MetaName, string | undefined][] = [
    ['commit.json', metaVersions?.receipt],
    ['manifest.jws', metaVersions?.manifest],
    ['units.jsonl', metaVersions?.units],
  ]
  for (const [name, version] of meta) {
    const key = metaKey(snapshot, name)
    const versionId = version ?? (await vault.head(key))?.versionId
    if (versionId === undefined) throw new Error(`${key} is not in the vault`)
    await vault.extendLock(key, versionId, lock)
  }
  for await (const { n, versionId } of packsFrom(catalogue, snapshot.snapshot))
    if (versionId !== undefined) await vault.extendLock(packKey(snapshot, n), versionId, lock)
}
