import { createHash } from 'node:crypto'
import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import { compositeChecksum, type Manifest, type Pack } from '../../shared/manifest.ts'
import { asDamageOf, damage } from '../../shared/restore/damage.ts'
import type { PackReader } from '../../shared/restore/packs.ts'
import type { Trust } from '../../shared/restore/trust.ts'
import type { Reporter } from '../output/reporter.ts'
import type { RestoreReceiver } from '../receiver/receiver.ts'
import { artefactsOf } from './artefacts.ts'
import { fetchChain, type Reading } from './chain.ts'
import { concurrently } from './concurrently.ts'
import { readStretch, stretchesOf } from './stretches.ts'

export interface VerifyRequest {
  receiver: RestoreReceiver
  source: SourceId
  snapshot: SnapshotId
  /** Secret keys of age; without one only what is stored is proved. */
  identities: readonly string[] | undefined
  trust: Trust
  concurrency: number
  reporter: Reporter
  reading: Omit<Reading, 'onBytes'>
  platform: NodeJS.Platform
}

export interface VerifyResult {
  level: 'stored' | 'opened'
  packs: number
  /** Stored bytes that were read and compared. */
  bytes: number
  /** Opened artefacts; 0 without an identity. */
  artefacts: number
}

/**
 * Reads all of one snapshot. `stored`: signature, chain, unit list, and every part of every pack. `opened`: also opens every artefact
 * and compares its content.
 * @throws Failure one of the damage codes (`isDamage`) where the snapshot is broken; any other says nothing about it
 */
export async function verifySnapshot(request: VerifyRequest): Promise<VerifyResult> {
  const { receiver, source, snapshot, trust, reading, reporter, concurrency, identities } = request
  const stop = new AbortController()
  const signal = AbortSignal.any([reading.signal, stop.signal])
  let done = 0
  let total: number | null = null
  const onBytes = (count: number) => {
    done += count
    reporter.progress({ label: 'verified', done, total })
  }
  const proof = { trust, identities, opens: snapshot }
  const chain = await fetchChain(receiver, { source, snapshot }, proof, { ...reading, signal, onBytes })
  const link = chain.links.find(({ manifest }) => manifest.snapshot === snapshot)
  if (!link) throw damage('chain-damaged', 'The chain of snapshots', `${snapshot} is not in it`)
  const { manifest, reader } = link
  const stored = manifest.packs.reduce((sum, { size }) => sum + size, 0)
  total = done + stored + (identities ? manifest.totals.sealedBytes : 0)

  // Artefacts first: damage is told by the name of what it hit, where that can be known.
  const artefacts = identities ? await artefactsOf([link], identities, request.platform) : []
  await concurrently(stretchesOf(artefacts), concurrency, stop, stretch => readStretch(stretch, identities!, discard))
  await concurrently(manifest.packs, concurrency, stop, pack => verifyPack(reader, pack, manifest))
  const { length: packs } = manifest.packs
  return { level: identities ? 'opened' : 'stored', packs, bytes: stored, artefacts: artefacts.length }
}

/** That it can be read to its end is all that is asked. */
async function discard(_: unknown, plain: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of plain);
}

/** Computes S3's composite checksum anew: part by part, then over the parts' digests. */
async function verifyPack(reader: PackReader, pack: Pack, { snapshot, partSize }: Manifest): Promise<void> {
  const what = `Pack ${pack.n} of snapshot ${snapshot}`
  const parts = Math.ceil(pack.size / partSize)
  const digests = createHash('sha256')
  try {
    for (let offset = 0; offset < pack.size; offset += partSize) {
      const part = createHash('sha256')
      const length = Math.min(partSize, pack.size - offset)
      for await (const chunk of reader.read([{ pack: pack.n, offset, length }])) part.update(chunk)
      digests.update(part.digest())
    }
  } catch (error) {
    throw asDamageOf('pack-damaged', what, error)
  }
  const found = compositeChecksum({ ...pack, parts, sha256: digests.digest('base64') })
  if (found !== compositeChecksum(pack))
    throw damage('pack-damaged', what, `its checksum is ${found}, the manifest says ${compositeChecksum(pack)}`)
}
