import type { z } from 'zod'
import type { RestoreManifestRequest } from '../../shared/api/restore.ts'
import { Failure } from '../../shared/failure.ts'
import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import type { Manifest } from '../../shared/manifest.ts'
import { type Moment, planRestore } from '../../shared/planner/plan.ts'
import { type CommittedSnapshot, type EngineKind, laneOf, type UnitEntry } from '../../shared/snapshot.ts'
import type { RestoreReceiver } from '../receiver/receiver.ts'
import { readUnits } from './contents.ts'
import { damage } from './damage.ts'
import { PackReader, type PackReaderOptions } from './packs.ts'
import { type Trust, verifiedManifest } from './trust.ts'

/** How packs are read, but for what the restore manifest brings. */
export type Reading = Pick<PackReaderOptions, 'connections' | 'signal' | 'sleep' | 'random' | 'onBytes'>

/** One snapshot of a chain, proved to be what a trusted agent committed. */
export interface Link {
  manifest: Manifest
  units: UnitEntry[]
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

export type Wanted = { source: SourceId; at?: string; snapshot?: SnapshotId }

/**
 * Asks the receiver which snapshots lead to the wanted moment and proves the answer: signatures, identities, unit lists, and that
 * they are an unbroken chain that ends where it was asked to.
 * @throws ProblemError of the receiver; Failure `agent-untrusted`, or `manifest-damaged`, `units-damaged`, `chain-damaged`
 */
export async function fetchChain(
  receiver: RestoreReceiver,
  { source, at, snapshot }: Wanted,
  trust: Trust,
  reading: Reading,
): Promise<VerifiedChain> {
  const request: z.input<typeof RestoreManifestRequest> = {
    source,
    ...(at === undefined ? {} : { at }),
    ...(snapshot === undefined ? {} : { snapshot }),
  }
  const answer = await receiver.restoreManifest(request)
  const links: Link[] = []
  const committed: CommittedSnapshot[] = []
  for (const entry of answer.snapshots) {
    const manifest = await verifiedManifest(entry, source, trust)
    const reader = new PackReader({ ...reading, receiver, restoreManifest: answer.id, manifest })
    const units = await readUnits(reader, manifest)
    links.push({ manifest, units, reader })
    committed.push({ ...manifest, lane: laneOf(manifest.kind), receivedAt: entry.receivedAt, units })
  }
  const moment = momentOf({ at, snapshot }, answer)
  requireUnbroken(committed, moment, answer.units ?? undefined)
  return {
    sourceName: answer.sourceName,
    engine: engineOf(links),
    at: moment.kind === 'at' ? moment.at : null,
    links,
    doubtful: answer.doubtful,
  }
}

/** What was asked for; without that the latest state, or what a link is limited to. */
function momentOf(asked: Omit<Wanted, 'source'>, answer: { at: string | null; of: SnapshotId | null }): Moment {
  const snapshot = asked.snapshot ?? (asked.at === undefined ? answer.of : null)
  if (snapshot !== null) return { kind: 'snapshot', snapshot }
  const at = asked.at ?? answer.at
  return at === null ? { kind: 'latest' } : { kind: 'at', at }
}

/** What the receiver chose must be what our own planner makes of it: no snapshot left out, added or put elsewhere. */
function requireUnbroken(committed: CommittedSnapshot[], moment: Moment, units: string[] | undefined): void {
  const given = committed.map(({ snapshot }) => snapshot)
  const planned = plan(committed, moment, units)
  if (planned.join() !== given.join())
    throw damage(
      'chain-damaged',
      'The chain of snapshots',
      `the receiver sent ${given}, but what leads there is ${planned}`,
    )
}

function plan(committed: CommittedSnapshot[], moment: Moment, units: string[] | undefined): string[] {
  try {
    return planRestore(committed, moment, units).snapshots.map(({ snapshot }) => snapshot)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    throw damage('chain-damaged', 'The chain of snapshots', cause.why ?? cause.message, cause)
  }
}

function engineOf(links: Link[]): EngineKind {
  const [engine, ...others] = new Set(links.map(({ manifest }) => manifest.engine))
  if (engine === undefined || others.length > 0)
    throw damage('chain-damaged', 'The chain of snapshots', 'it is empty, or of several engines')
  return engine
}
