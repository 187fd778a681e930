import { Failure } from '../../../../shared/failure.ts'
import type { LaneHeads, SnapshotKind, UnitEntry } from '../../../../shared/snapshot.ts'
import type { Plan } from '../../engine.ts'
import { enabledThreads, type Inventory, isCold } from '../inventory.ts'
import { whyNotLogs } from './continuation.ts'

/**
 * Pure. A differential is not known here: its lane is the same as a full's, and archived logs are what is new.
 * @throws Failure `oracle-noarchivelog-log`: where nothing is archived, a log run would be a full for which the database is closed, and nobody asked for that
 */
export function plan(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Plan {
  if (requested === 'log' && isCold(inventory)) throw noLogs()
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

function noLogs(): Failure {
  return new Failure('oracle-noarchivelog-log', 'A database in NOARCHIVELOG mode has no logs to back up', {
    why: 'each of its backups is a full, for which it has to be closed',
    fix: 'Leave out schedule.log, and ask for fulls: failsafe backup SOURCE --mode full',
  })
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
  if (isCold(inventory)) return coldSteps(inventory, { look, settings })
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

function coldSteps({ dataFiles, policy, openMode }: Inventory, { look, settings }: { look: string; settings: string }) {
  const shuts = openMode !== 'MOUNTED' && policy.noarchivelog === 'shutdown'
  const copy =
    policy.method === 'rman'
      ? `Have RMAN back up ${dataFiles.length} data files into its own files, and copy these`
      : `Copy ${dataFiles.length} data files on this machine, and check their blocks`
  return [
    look,
    shuts ? 'Shut the database down and mount it' : 'See that the database is closed, and was closed cleanly',
    settings,
    shuts ? `${copy}; open the database again as soon as they are read` : copy,
    'Note which state of the database they are of',
  ]
}
