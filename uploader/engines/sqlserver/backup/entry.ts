import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Base } from '../plan/base.ts'
import type { Task } from '../plan/judge.ts'
import type { Behind } from '../plan/log.ts'
import { positionOf } from '../position.ts'
import type { BackupSet } from './backup-set.ts'

/** What a snapshot says of a database that was backed up. @param bytes of the file */
export function entryFor(task: Task, set: BackupSet, bytes: number): UnitEntry {
  const { database, kind, base, behind } = task
  const to = positionOf(set.lastFork, set.lastLsn)
  const info = {
    set: set.guid,
    guid: set.database,
    family: set.family,
    recovery: set.recovery,
    bytes: String(bytes),
    ...(base && { base: base.set }),
    ...(set.copyOnly && { copyOnly: 'true' }),
    ...(set.bulkLogged && kind === 'log' && { bulkLogged: 'true' }),
    ...(database.readOnly && { readOnly: 'true' }),
    ...(database.encrypted && { encrypted: 'true' }),
    ...(database.files.some(({ type }) => type === 'filestream') && { filestream: 'true' }),
  }
  const common = { unit: database.name, kind, to, info }
  switch (kind) {
    case 'full':
      // A log that leads on from here begins no later than where the full ends.
      return { ...common, base: null, from: to, covers: { from: set.started, to: set.finished } }
    case 'differential':
      return { ...common, base: base!.snapshot, from: fullOf(base!), covers: { from: set.started, to: set.finished } }
    case 'log': {
      // Everything that was committed before the backup began is in the log; what came while it ran may be.
      const from = reachedBy(behind!, set.firstLsn)
      return {
        ...common,
        base: null,
        from: positionOf(set.lastFork, set.firstLsn),
        covers: { from, to: later(from, set.started) },
      }
    }
  }
}

/** A database that nobody can have written to since its full: a differential without a file. @param now the server's clock */
export function unchangedSince({ snapshot, set, entry }: Base, now: string): UnitEntry {
  const { unit, to, covers, info } = entry
  return {
    unit,
    kind: 'differential',
    base: snapshot,
    from: to,
    to,
    covers: { from: covers.from, to: later(covers.to, now) },
    info: { ...info, base: set, unchanged: 'true' },
  }
}

/** The same among logs: a log without a file. @param last the newest entry of the database */
export function unchangedLog(last: UnitEntry, now: string): UnitEntry {
  const { to } = last.covers
  const info = { ...last.info, unchanged: 'true' }
  return { ...stillAt(last), covers: { from: to, to: later(to, now) }, info }
}

/** A database whose log was not backed up this time: where it stands is said once more, or the next run would not know. */
export function stillAt({ unit, to, covers, info }: UnitEntry): UnitEntry {
  return {
    unit,
    kind: 'log',
    base: null,
    from: to,
    to,
    covers: { from: covers.to, to: covers.to },
    ...(info && { info }),
  }
}

function fullOf({ entry }: Base) {
  return entry.kind === 'full' ? entry.to : entry.from
}

function reachedBy({ log, data }: Behind, first: string): string {
  return log?.to.at === first ? log.covers.to : data!.covers.to
}

function later(a: string, b: string): string {
  return Date.parse(b) >= Date.parse(a) ? b : a
}
