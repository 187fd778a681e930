import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import type { LogStyle } from '../notes/library.ts'
import type { TakenObjects } from '../place/daos.ts'
import { goesOnFrom } from '../plan/continuation.ts'
import { momentOf, unit } from '../position.ts'
import type { Covered } from './coverage.ts'
import { excludeKey, type Identities, writeExtents, writeIdentities, writeRemoved } from './info.ts'

export interface Made {
  kind: 'full' | 'log'
  heads: LaneHeads
  style: LogStyle | null
  began: Date
  ended: Date
  covered: Covered | undefined
  hashes: ReadonlyMap<number, string>
  identities: Identities
  removed: ReadonlySet<string>
  exclude: readonly string[]
  objects: TakenObjects
  iniHash: string
  databaseBytes: number
}

export function entryFor(made: Made): UnitEntry {
  const { kind, heads, style, covered, ended, hashes, identities, removed, objects, iniHash, databaseBytes } = made
  const info = {
    style: style ?? 'none',
    databases: writeIdentities(identities),
    databaseBytes: String(databaseBytes),
    ini: iniHash,
    exclude: excludeKey(made.exclude),
    ...(removed.size > 0 && { removed: writeRemoved(removed) }),
    ...objects.info,
    daosObjects: String(objects.count),
    daosBytes: String(objects.bytes),
    ...(covered?.owns && { owns: 'true' }),
    ...(hashes.size > 0 && { extents: writeExtents(hashes) }),
  }
  const [began, now] = [made.began.toISOString(), ended.toISOString()]
  if (kind === 'log') {
    const { from, to, logId } = covered!
    const before = goesOnFrom(heads).covers.to
    return {
      unit,
      kind,
      base: null,
      from: { stream: logId, at: from },
      to: { stream: logId, at: to },
      covers: { from: before, to: later(before, now) },
      info: { ...info, base: heads.data!.snapshot },
    }
  }
  if (!covered)
    return { unit, kind, base: null, from: null, to: momentOf(ended), covers: { from: began, to: now }, info }
  const { from, to, logId } = covered
  return {
    unit,
    kind,
    base: null,
    from: { stream: logId, at: from },
    to: { stream: logId, at: to },
    covers: { from: began, to: now },
    info,
  }
}

function later(a: string, b: string): string {
  return Date.parse(b) >= Date.parse(a) ? b : a
}
