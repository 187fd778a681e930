import type { z } from 'zod'
import type { RestoreManifestRequest } from '../../shared/api/restore.ts'
import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import { type AskedMoment, type ProvedSnapshot, proveChain } from '../../shared/restore/chain.ts'
import { openableManifest } from '../../shared/restore/openable.ts'
import { PackReader, type PackReaderOptions } from '../../shared/restore/packs.ts'
import { type Trust, verifiedManifest } from '../../shared/restore/trust.ts'
import type { EngineKind } from '../../shared/snapshot.ts'
import type { Connections } from '../network/connections.ts'
import type { RestoreReceiver } from '../receiver/receiver.ts'
import { contents } from './contents.ts'
import { getRange } from './range.ts'

/** How packs are read, but for what the restore manifest brings. */
export interface Reading extends Pick<PackReaderOptions, 'signal' | 'sleep' | 'random' | 'onBytes'> {
  connections: Connections
}

/** One snapshot of a chain, proved to be what a trusted agent committed. */
export interface Link extends ProvedSnapshot {
  reader: PackReader
}

export interface VerifiedChain {
  sourceName: string
  engine: EngineKind
  at: string | null
  /** In the order they are applied. */
  links: Link[]
  /** Snapshots that an earlier check found bad: the receiver knows no other way there. */
  doubtful: SnapshotId[]
}

/** `units`: only these; all that there are if left out. */
export type Wanted = { source: SourceId; units?: string[] } & AskedMoment

/** What the person who restores brings along. */
export interface Proof {
  trust: Trust
  /** Secret keys of age; left out where nothing is to be opened. */
  identities?: readonly string[] | undefined
  /** The one snapshot that they are to open; all of the chain where it is left out. */
  opens?: SnapshotId
}

/**
 * Asks the receiver which snapshots lead to the wanted moment and proves the answer: signatures, identities, unit lists, and that
 * they are an unbroken chain that ends where it was asked to. Nothing is fetched of a snapshot that the identities should open and do not.
 * @throws ProblemError of the receiver; Failure `identity-does-not-open`, `agent-untrusted`, or `manifest-damaged`, `units-damaged`, `chain-damaged`
 */
export async function fetchChain(
  receiver: RestoreReceiver,
  { source, units, at, snapshot }: Wanted,
  { trust, identities, opens }: Proof,
  { connections, ...reading }: Reading,
): Promise<VerifiedChain> {
  const request: z.input<typeof RestoreManifestRequest> = {
    source,
    ...(at === undefined ? {} : { at }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(units === undefined ? {} : { units }),
  }
  const answer = await receiver.restoreManifest(request)
  const links: Link[] = []
  for (const entry of answer.snapshots) {
    const mustOpen = (opens ?? entry.snapshot) === entry.snapshot
    const manifest =
      identities && mustOpen
        ? await openableManifest(entry, source, identities, trust)
        : await verifiedManifest(entry, source, trust)
    const reader = new PackReader({
      ...reading,
      getRange: (url, range) => getRange(connections, url, range, reading.signal),
      sign: request => receiver.packUrls(answer.id, request),
      manifest,
    })
    links.push({ manifest, units: await contents.units(reader, manifest), reader })
  }
  const { engine, at: leadsTo } = proveChain({ at, snapshot }, answer, links, units)
  return { sourceName: answer.sourceName, engine, at: leadsTo, links, doubtful: answer.doubtful }
}
