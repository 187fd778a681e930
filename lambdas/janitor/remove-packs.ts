import type { PackItem } from '../catalogue/packs.ts'
import { packsFrom, removePackItem } from '../catalogue/removal.ts'
import { forEach } from '../commit/limits.ts'
import { type Place, packKey } from '../vault/keys.ts'
import type { JanitorPorts, Remaining } from './ports.ts'

const together = 100

/**
 * Takes a snapshot's packs away, from number `from` on: the object by its version, or the upload, and then the item that knows of it. Broken off
 * anywhere it goes on with what is left.
 * @throws Unfinished when the time is up, VersionLocked
 */
export async function removePacks(ports: JanitorPorts, place: Place, remaining: Remaining, from = 1): Promise<void> {
  let some: PackItem[] = []
  for await (const pack of packsFrom(ports.catalogue, place.snapshot, from)) {
    if (some.push(pack) < together) continue
    await removeAll(some)
    some = []
  }
  await removeAll(some)

  async function removeAll(packs: PackItem[]): Promise<void> {
    const deadline = ports.clock().getTime() + remaining()
    await forEach(packs, { clock: ports.clock, deadline }, async pack => {
      await removeObject(ports, packKey(place, pack.n), pack)
      await removePackItem(ports.catalogue, place.snapshot, pack.n)
    })
  }
}

/** An aborted upload is dead: no URL that was signed for it takes anything any more. If it was completed and nobody wrote that down, S3 knows. */
async function removeObject({ vault }: JanitorPorts, key: string, { uploadId, versionId }: PackItem): Promise<void> {
  if (versionId !== undefined) return vault.deleteVersion(key, versionId)
  await vault.abortUpload(key, uploadId)
  const stored = await vault.head(key)
  if (stored) await vault.deleteVersion(key, stored.versionId)
}
