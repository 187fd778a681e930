import { type MetaName, metaKey, type Place } from '../vault/keys.ts'
import type { JanitorPorts } from './ports.ts'

/** The receipt goes first: without it the rest is nothing that a catalogue would ever be rebuilt from. */
const order = { receipt: 'commit.json', units: 'units.jsonl', manifest: 'manifest.jws' } as const satisfies Record<
  string,
  MetaName
>

/**
 * Takes a snapshot's objects under `meta/` away, by the versions that are known or that S3 names.
 * @throws VersionLocked, with nothing but whole steps done
 */
export async function removeMeta(
  { vault }: JanitorPorts,
  place: Place,
  versions: Partial<Record<keyof typeof order, string>> = {},
): Promise<void> {
  for (const [what, name] of Object.entries(order) as [keyof typeof order, MetaName][]) {
    const key = metaKey(place, name)
    const versionId = versions[what] ?? (await vault.head(key))?.versionId
    if (versionId !== undefined) await vault.deleteVersion(key, versionId)
  }
}
