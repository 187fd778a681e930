import { createHash } from 'node:crypto'
import { messageOf } from '../../shared/failure.ts'
import { verify } from '../../shared/jws.ts'
import { compositeChecksum, Manifest } from '../../shared/manifest.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import { parseUnits } from '../catalogue/units.ts'
import { forEach } from '../commit/limits.ts'
import { metaKey, packKey } from '../vault/keys.ts'
import type { Lock } from '../vault/lock.ts'
import { Receipt } from '../vault/receipt.ts'
import type { Folder } from './folders.ts'
import type { RebuildPorts, Skipped } from './ports.ts'

/** A committed snapshot as its receipt and S3 say it. */
export interface Proven {
  receipt: Receipt
  receiptVersion: string
  /** As it lies in the vault, and what it says. */
  jws: string
  manifest: Manifest
  unitLines: Uint8Array
  units: UnitEntry[]
  /** Until when S3 keeps each pack, in their order, and the lock that ends first of all its versions; null where there is none. */
  packLocks: (Lock | null)[]
  lock: Lock | null
}

class Unproven extends Error {}

/** Above what a receipt of the largest snapshot, or its unit list, can be. */
const readLimit = 8 * 1024 ** 2

/**
 * Looks at one snapshot's objects. The first receipt that was written counts; whatever it names must lie in the vault as it says.
 * @returns `proven` when it was committed and is whole; what was passed over, with the reason
 */
export async function inspect(
  ports: RebuildPorts,
  folder: Folder & { snapshot: string },
  deadline: number,
): Promise<{ proven?: Proven; skipped: Skipped[] }> {
  const key = metaKey(folder, 'commit.json')
  const first = folder.versions.findLast(version => version.key === key)
  if (!first) return { skipped: [{ key, why: 'there is no receipt: it was never committed' }] }
  const skipped = laterReceipts(folder)
  try {
    if (first.size > readLimit) throw new Unproven(`it has ${first.size} bytes, which is no receipt`)
    const receipt = await readReceipt(ports, folder, key, first.versionId)
    const meta = await readMeta(ports, receipt)
    const packLocks = await lockedPacks(ports, receipt, deadline)
    const own = await ports.vault.describeVersion(key, first.versionId)
    const lock = shortest([...packLocks, ...meta.locks, own?.lock ?? null])
    return { proven: { ...meta, receipt, receiptVersion: first.versionId, packLocks, lock }, skipped }
  } catch (error) {
    if (!(error instanceof Unproven)) throw error
    return { skipped: [...skipped, { key, why: error.message }] }
  }
}

/** Versions of a receipt that do not count. S3 lists the newest first. */
export function laterReceipts(folder: Folder & { snapshot: string }): Skipped[] {
  const key = metaKey(folder, 'commit.json')
  return folder.versions
    .filter(version => version.key === key)
    .slice(0, -1)
    .map(({ versionId }) => ({ key, why: `version ${versionId} was written later than the first receipt` }))
}

async function readReceipt({ vault }: RebuildPorts, folder: Folder, key: string, version: string): Promise<Receipt> {
  const text = Buffer.from(await vault.read(key, version)).toString()
  const receipt = parsed(() => Receipt.parse(JSON.parse(text)), 'it is no receipt that this version understands')
  if (receipt.tenant !== folder.tenant || receipt.snapshot !== folder.snapshot)
    throw new Unproven(`it is the receipt of ${receipt.snapshot} of ${receipt.tenant}`)
  for (const [named, own] of [
    [receipt.manifest.key, metaKey(receipt, 'manifest.jws')],
    [receipt.units.key, metaKey(receipt, 'units.jsonl')],
  ])
    if (named !== own) throw new Unproven(`it names ${named}`)
  return receipt
}

async function readMeta(ports: RebuildPorts, receipt: Receipt) {
  const manifestBytes = await readProven(ports, receipt.manifest)
  const unitLines = await readProven(ports, receipt.units)
  const jws = Buffer.from(manifestBytes.bytes).toString()
  const manifest = await verify('failsafe.manifest/1', Manifest, jws, receipt.agent.key).catch(error => {
    throw new Unproven(`its manifest is not the agent's: ${messageOf(error)}`)
  })
  const units = parsed(() => parseUnits(Buffer.from(unitLines.bytes).toString()), 'its unit list cannot be read')
  if (manifest.snapshot !== receipt.snapshot || units.length !== receipt.units.count)
    throw new Unproven('its manifest or unit list is of another snapshot')
  return { jws, manifest, units, unitLines: unitLines.bytes, locks: [manifestBytes.lock, unitLines.lock] }
}

/** An object that the receipt names by version and hash. */
async function readProven({ vault }: RebuildPorts, named: { key: string; versionId: string; sha256: string }) {
  const described = await vault.describeVersion(named.key, named.versionId)
  if (!described) throw missing(named)
  if (described.sha256 !== named.sha256 || described.size > readLimit) throw new Unproven(`${named.key} differs`)
  const bytes = await vault.read(named.key, named.versionId)
  const sha256 = createHash('sha256').update(bytes).digest('base64')
  if (sha256 !== named.sha256) throw new Unproven(`${named.key} differs`)
  return { bytes, lock: described.lock }
}

function lockedPacks({ vault, clock }: RebuildPorts, receipt: Receipt, deadline: number): Promise<(Lock | null)[]> {
  return forEach(receipt.packs, { clock, deadline }, async pack => {
    if (pack.key !== packKey(receipt, pack.n)) throw new Unproven(`it names ${pack.key} as pack ${pack.n}`)
    const described = await vault.describeVersion(pack.key, pack.versionId)
    if (!described) throw missing(pack)
    if (described.size !== pack.size || described.sha256 !== compositeChecksum(pack))
      throw new Unproven(`${pack.key} differs`)
    return described.lock
  })
}

function missing({ key, versionId }: { key: string; versionId: string }): Unproven {
  return new Unproven(`version ${versionId} of ${key} is missing, or may not be looked at`)
}

function shortest(locks: (Lock | null)[]): Lock | null {
  let least: Lock | null | undefined
  for (const lock of locks) {
    if (lock === null) return null
    if (!least || lock.until < least.until) least = lock
  }
  return least ?? null
}

function parsed<T>(parse: () => T, why: string): T {
  try {
    return parse()
  } catch (error) {
    throw new Unproven(`${why}: ${messageOf(error)}`)
  }
}
