import type { z } from 'zod'
import type { RestoreManifestResponse } from '../api/restore.ts'
import { isCertified } from '../certificate.ts'
import { Failure } from '../failure.ts'
import { type SourceId, sourceOf } from '../ids.ts'
import { fingerprintOf, type PublicKey, verify } from '../jws.ts'
import { Manifest } from '../manifest.ts'
import { isSameKey, keysOf } from '../succession.ts'
import { damage } from './damage.ts'

/** Whose signatures count. The receiver has no say in it: it only passes certificates on. */
export interface Trust {
  /** Keys that certify agents: the kit's, or the one this host enrolled with. */
  customerKeys: PublicKey[]
  /** Fingerprints of agent keys that a person or the kit named, or this host's own. */
  fingerprints: ReadonlySet<string>
}
// A key that descends from one of these by succession counts like it: each new key is signed by the one before.

export type RestoreEntry = z.output<typeof RestoreManifestResponse>['snapshots'][number]

/**
 * The manifest of one entry, once it is proved that a trusted agent signed it and that it is the snapshot it is given out for.
 * @throws Failure `agent-untrusted` or `manifest-damaged`
 */
export async function verifiedManifest(entry: RestoreEntry, source: SourceId, trust: Trust): Promise<Manifest> {
  await requireTrusted(entry, trust)
  return signedManifest(entry, source)
}

/**
 * The manifest of one entry, once it is proved that the key it came with signed it and that it is the snapshot it is given out for. Whose key that is, it
 * does not say.
 * @throws Failure `manifest-damaged`
 */
export async function signedManifest(entry: RestoreEntry, source: SourceId): Promise<Manifest> {
  const what = `The manifest of snapshot ${entry.snapshot}`
  const manifest = await verify('failsafe.manifest/1', Manifest, entry.manifest, entry.agentKey).catch(cause => {
    throw damage('manifest-damaged', what, 'its signature does not hold', cause)
  })
  const { snapshot, agent } = manifest
  if (
    snapshot !== entry.snapshot ||
    agent !== entry.agent ||
    manifest.source !== source ||
    sourceOf(snapshot) !== source
  )
    throw damage('manifest-damaged', what, `it is that of snapshot ${snapshot} of ${manifest.source}`)
  return manifest
}

/** @throws Failure `agent-untrusted` */
export async function requireTrusted(entry: RestoreEntry, trust: Trust): Promise<void> {
  const { snapshot, agent, agentKey, certificate } = entry
  const believed = async (key: PublicKey) => {
    if (trust.fingerprints.has(await fingerprintOf(key))) return true
    if (certificate === null) return false
    for (const customer of trust.customerKeys) if (await isCertified(certificate, key, customer)) return true
    return false
  }
  if (await believed(agentKey)) return
  const { ancestors, doubt } = await descentOf(entry)
  for (const key of ancestors) if (await believed(key)) return
  const fingerprint = await fingerprintOf(agentKey)
  throw new Failure('agent-untrusted', `Snapshot ${snapshot} is signed by an agent that nobody has vouched for`, {
    why: `agent ${agent} signs with a key of fingerprint ${fingerprint}, and the recovery kit has not certified it${doubt}`,
    fix: `Compare the fingerprint with the one that enrol or rotate-key printed on that server. If it is the same, add --trust ${fingerprint}, or for good: failsafe kit certify ${fingerprint} --identity FILE`,
  })
}

/** The keys that the key of a snapshot descends from. A line that is broken or leads elsewhere proves nothing. */
async function descentOf({ agent, agentKey, succession }: RestoreEntry) {
  try {
    const keys = await keysOf(succession, agent)
    const last = keys.pop()
    if (last === undefined || isSameKey(last, agentKey)) return { ancestors: keys, doubt: '' }
    return { ancestors: [], doubt: '; the line of keys that came with it leads to another one' }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { ancestors: [], doubt: `; the line of keys that came with it is broken: ${error.why}` }
  }
}
