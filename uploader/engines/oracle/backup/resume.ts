import { type DataFile, type Inventory, treatmentOf } from '../inventory.ts'
import type { ArchivedLog } from '../logs/archived-log.ts'
import { historyOf } from '../position.ts'

/*
 * What a run that died had staged whole may be used by its next process where it is provably the same:
 *
 *   an archived log          never changes: database, incarnation, thread, sequence and SCNs say which it is
 *   a data file that nobody  its checkpoint stands still, and moves as soon as it is made writable, brought online, or its database or container is opened
 *   writes to
 *   a data file in backup    is of its own backup mode, which was ended since: the redo of this run begins behind that, and does not mend the copy. It is read again
 *   mode
 *   one that needs recovery  may be recovered at any time, in part too: it is read again
 */

export function logKey(inventory: Inventory, { thread, sequence, firstScn, nextScn }: ArchivedLog): string {
  return `log ${historyOf(inventory)} ${thread}/${sequence} ${firstScn}-${nextScn}`
}

/** @returns undefined for one that is read again whatever happened */
export function dataFileKey(inventory: Inventory, file: DataFile): string | undefined {
  if (treatmentOf(file, inventory) === 'hot' || file.status === 'RECOVER') return undefined
  const { number, creationScn, checkpointScn, status, enabled, bytes, path } = file
  return `file ${historyOf(inventory)} ${number} ${creationScn} ${checkpointScn} ${status} ${enabled} ${bytes} ${path}`
}
