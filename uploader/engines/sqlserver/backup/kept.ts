import { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext } from '../../engine.ts'
import type { Task } from '../plan/judge.ts'

/** A backup that this run had staged whole before its process died. */
export interface KeptBackup {
  resumeKey: string
  name: string
  attributes: Record<string, string>
  entry: UnitEntry
}

/** By the database that it is of. */
export function keptBackups(kept: BackupContext['kept']): Map<string, KeptBackup> {
  const backups = new Map<string, KeptBackup>()
  for (const [resumeKey, { name, attributes = {} }] of kept) {
    const entry = attributes.entry === undefined ? undefined : UnitEntry.parse(JSON.parse(attributes.entry))
    if (entry) backups.set(entry.unit, { resumeKey, name, attributes, entry })
  }
  return backups
}

/**
 * Whether such a backup still does what the task wants: the database is the same, and nobody has taken a backup since that later ones would build on. A log is
 * never taken up: the server's next one begins behind it, so that the run has become another one.
 */
export function stillServes({ entry }: KeptBackup, { database, kind, copyOnly, base }: Task): boolean {
  const { info = {} } = entry
  if (entry.kind !== kind || info.guid !== database.guid || entry.to.stream !== database.fork) return false
  switch (kind) {
    case 'full':
      if (copyOnly) return info.copyOnly === 'true'
      return database.files.every(({ differentialBase }) => differentialBase === null || differentialBase === info.set)
    case 'differential':
      return info.base === base!.set
    case 'log':
      return false
  }
}
