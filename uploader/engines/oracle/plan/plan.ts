import type { LaneHeads, SnapshotKind, UnitEntry } from '../../../../shared/snapshot.ts'
import type { Plan } from '../../engine.ts'
import { enabledThreads, type Inventory } from '../inventory.ts'
import { whyNotLogs } from './continuation.ts'

/** Pure. A differential is not known here: its lane is the same as a full's, and archived logs are what is new. */
export function plan(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Plan {
  const promoted = requested === 'log' ? whyNotLogs(inventory, heads) : noDifferential(requested)
  const kind = requested === 'log' && !promoted ? 'log' : 'full'
  return {
    kind,
    promoted: promoted ?? null,
    expectedBytes:
      kind === 'log' ? lastLogBytes(heads) : inventory.dataFiles.reduce((sum, { bytes }) => sum + bytes, 0),
    steps: stepsOf(kind, inventory),
    engineVersion: `Oracle ${inventory.version} (${inventory.name}, ${inventory.platform})`,
    heads,
  }
}

function noDifferential(requested: SnapshotKind): Plan['promoted'] {
  if (requested !== 'differential') return null
  return { code: 'NO_DIFFERENTIAL', reason: 'an Oracle source has full and log backups; a differential is a full' }
}

function lastLogBytes({ log }: LaneHeads): number {
  return (log?.units ?? []).reduce((sum, { info }: UnitEntry) => sum + Number(info?.bytes ?? 0), 0)
}

function stepsOf(kind: 'full' | 'log', inventory: Inventory): string[] {
  const threads = enabledThreads(inventory).length
  const redo = threads === 1 ? 'the redo' : `the redo of ${threads} threads`
  const look = 'Connect to the database and look at its files, its redo and what is in backup mode'
  const settings = 'Have the server write its control file and its parameters, and copy them'
  const note = 'Note up to where the redo is backed up'
  if (kind === 'log')
    return [look, settings, `Have the server archive ${redo}, and copy the archived logs that are new`, note]
  const { dataFiles, policy } = inventory
  const how = policy.files === 'local' ? 'on this machine' : 'through the connection'
  const mode = policy.backupMode === 'database' ? 'the database' : 'one tablespace after the other'
  return [
    look,
    policy.method === 'rman'
      ? `Have RMAN back up ${dataFiles.length} data files into its own files, and copy these`
      : `Put ${mode} in backup mode, copy ${dataFiles.length} data files ${how}, check their blocks, and end backup mode`,
    settings,
    `Have the server archive ${redo}, and copy the archived logs that make the copies consistent`,
    note,
  ]
}
