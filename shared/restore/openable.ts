import type { SourceId } from '../ids.ts'
import type { Manifest } from '../manifest.ts'
import { requireRecipient } from './contents.ts'
import { type RestoreEntry, requireTrusted, signedManifest, type Trust } from './trust.ts'

/**
 * The manifest of a snapshot that `identities` are to open. Whether they can is asked before the question of trust: a kit of somebody else has vouched for
 * nobody here, and that is not what is wrong.
 * @param trust left out where nothing says whose keys to believe
 * @throws Failure `manifest-damaged`, `identity-does-not-open`, `agent-untrusted`
 */
export async function openableManifest(
  entry: RestoreEntry,
  source: SourceId,
  identities: readonly string[],
  trust?: Trust,
): Promise<Manifest> {
  const manifest = await signedManifest(entry, source)
  await requireRecipient(manifest, identities)
  if (trust) await requireTrusted(entry, trust)
  return manifest
}
