import { randomUUID } from 'node:crypto'
import { newUlid } from '../../../shared/ids.ts'
import { type CommittedSnapshot, laneOf, type SnapshotKind, type UnitEntry } from '../../../shared/snapshot.ts'
import type { Database, Inventory } from '../../../uploader/engines/sqlserver/inventory.ts'
import { lsn } from '../../../uploader/engines/sqlserver/position.ts'

export const source = newUlid()

/** A database that is online, with a full backup of ours that its next differential builds on and its log goes on from. */
export function database(name: string, more: Partial<Database> = {}): Database {
  return {
    name,
    state: 'ONLINE',
    recovery: 'FULL',
    readOnly: false,
    standby: false,
    isSnapshot: false,
    encrypted: false,
    access: true,
    guid: `guid-${name}`,
    family: `family-${name}`,
    fork: `fork-${name}`,
    nextLog: lsn('100'),
    mirror: false,
    role: null,
    preferredReplica: true,
    files: [{ type: 'rows', bytes: 8 * 1024 ** 2, differentialBase: `set-${name}` }],
    ...more,
  }
}

export function inventory(databases: Database[], more: Partial<Inventory> = {}): Inventory {
  return {
    server: 'SQL1',
    version: '16.0.4105.2',
    major: 16,
    edition: 'Developer Edition (64-bit)',
    engineEdition: 3,
    platform: 'linux',
    offset: 60,
    now: '2026-11-22T12:00:00+01:00',
    databases,
    policy: { coexist: false, replicas: 'preferred' },
    throughDoor: false,
    ...more,
  }
}

/** What a snapshot says of a database; LSNs are short numbers. */
export function entry(
  name: string,
  kind: SnapshotKind,
  [from, to]: [number, number],
  more: { info?: Record<string, string>; base?: string; hours?: [number, number]; fork?: string } = {},
): UnitEntry {
  const at = (position: number) => ({ stream: more.fork ?? `fork-${name}`, at: lsn(String(position)) })
  const [began, ended] = (more.hours ?? [1, 2]).map(hour => `2026-11-22T${String(hour).padStart(2, '0')}:00:00+01:00`)
  return {
    unit: name,
    kind,
    base: more.base ?? null,
    from: at(from),
    to: at(to),
    covers: { from: began!, to: ended! },
    info: {
      set: kind === 'full' ? `set-${name}` : randomUUID(),
      guid: `guid-${name}`,
      family: `family-${name}`,
      recovery: 'FULL',
      bytes: '1000',
      ...(kind === 'differential' && { base: `set-${name}` }),
      ...more.info,
    },
  }
}

export function committed(kind: SnapshotKind, units: UnitEntry[], id = newUlid()): CommittedSnapshot {
  return { snapshot: `${source}.${id}`, lane: laneOf(kind), kind, receivedAt: '2026-11-22T01:00:00Z', units }
}

/** Heads in which each of these databases has a full up to LSN 100. */
export function fullOf(...names: string[]) {
  return {
    data: committed(
      'full',
      names.map(name => entry(name, 'full', [100, 100])),
    ),
    log: null,
  }
}
