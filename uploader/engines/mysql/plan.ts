import type { SnapshotKind } from '../../../shared/snapshot.ts'
import type { Plan } from '../engine.ts'
import type { Inventory } from './inventory.ts'

export const steps = [
  'Connect to the server and look at its databases, accounts and rights',
  'Take one moment of all databases that every reading connection sees, while the server keeps working',
  'Back up accounts, grants and the definitions of all databases: tables, views, routines, triggers, events, sequences',
  'Back up the rows of all tables of all databases as they were at that moment',
  'Check that no table was altered meanwhile and note the position of the binary log',
]

/** SQL text is a little longer than the rows it holds. */
const textPerByte = 1.1

export function plan(requested: SnapshotKind, inventory: Inventory): Plan {
  return {
    kind: 'full',
    promoted: promotion(requested, inventory),
    expectedBytes: Math.ceil(inventory.dataBytes * textPerByte),
    steps,
    engineVersion: `${inventory.flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${inventory.version}`,
  }
}

function promotion(requested: SnapshotKind, { logBase }: Inventory): Plan['promoted'] {
  switch (requested) {
    case 'full':
      return null
    case 'differential':
      return { code: 'NO_DIFFERENTIAL', reason: 'MySQL has no differential backup, so everything is backed up' }
    case 'log':
      return logBase === null
        ? { code: 'LOG_OFF', reason: 'the server writes no binary log (log_bin is OFF), so everything is backed up' }
        : { code: 'FULL_ONLY', reason: 'binary logs are not backed up yet, so everything is' }
  }
}
