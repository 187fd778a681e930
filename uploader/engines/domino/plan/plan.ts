import type { LaneHeads, SnapshotKind } from '../../../../shared/snapshot.ts'
import type { Plan } from '../../engine.ts'
import type { Inventory } from '../inventory.ts'

const fullSteps = [
  'Connect to Domino and look at its data directory, its notes.ini and its transaction log',
  'Back up notes.ini, and every database as it was at one moment, one after the other, through the Notes API',
  'Back up the files of the data directory that are no databases, ID files among them',
  'Back up the objects of the attachment store (DAOS) that the databases refer to',
  'Back up the closed extents of the transaction log, and the one that is still written',
  'Note where each database and the log stand; once the provider has it, Domino may use those extents again',
]

const fullStepsWithoutLog = [
  ...fullSteps.slice(0, 4),
  'Note where each database stands: there is no archived transaction log to back up',
]

const logSteps = [
  'Connect to Domino, and check that its transaction log goes on where the last backup ended',
  'Back up the databases that are new, or that the log says nothing of any more, in full',
  'Back up the objects of the attachment store (DAOS) that are new',
  'Back up the new extents of the transaction log, and the one that is still written',
  'Note where the log stands; once the provider has it, Domino may use those extents again',
]

/** What an extent has at most. */
const extentSize = 64 * 1024 * 1024

/** Whether a log goes on is seen when the run begins: until then nobody has asked Domino for its extents. */
export function plan(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Plan {
  const { instance, databaseBytes, fileBytes, objectBytes, style } = inventory
  const common = { engineVersion: `HCL Domino ${versionOf(instance.release)}`, heads }
  const instead = requested === 'full' ? undefined : whyNotLogs(requested, inventory, heads)
  if (requested !== 'full' && !instead)
    return { ...common, kind: 'log', promoted: null, expectedBytes: extentSize, steps: logSteps }
  const archived = style === 'archive'
  return {
    ...common,
    kind: 'full',
    promoted: instead ?? null,
    expectedBytes: databaseBytes + fileBytes + objectBytes + (archived ? extentSize : 0),
    steps: archived ? fullSteps : fullStepsWithoutLog,
  }
}

function whyNotLogs(requested: SnapshotKind, { style }: Inventory, { data }: LaneHeads): Plan['promoted'] | undefined {
  if (requested === 'differential') return { code: 'NO_DIFFERENTIAL', reason: 'Domino has no differential backups' }
  if (style === null)
    return { code: 'NOT_LOGGED', reason: 'the server has no transaction log (TRANSLOG_Status is not 1)' }
  if (style !== 'archive')
    return {
      code: 'NOT_ARCHIVED',
      reason: `the transaction log is ${style}: its extents are overwritten, and only those of the archive style can be backed up`,
    }
  if (!data) return { code: 'NO_BASE', reason: 'there is no full backup yet' }
  return undefined
}

function versionOf(release: string | undefined): string {
  return release?.replace(/^Release\s+/i, '') ?? '(release unknown)'
}
