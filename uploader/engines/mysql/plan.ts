import type { LaneHeads, SnapshotKind, UnitEntry } from '../../../shared/snapshot.ts'
import type { Plan } from '../engine.ts'
import type { Inventory } from './inventory.ts'
import { type Continuation, continuation } from './log/continuation.ts'
import { planPhysical } from './physical/plan.ts'
import { isOfServer, unit } from './position.ts'

const fullSteps = [
  'Connect to the server and look at its databases, accounts and rights',
  'Take one moment of all databases that every reading connection sees, while the server keeps working',
  'Back up accounts, grants and the definitions of all databases: tables, views, routines, triggers, events, sequences',
  'Back up the rows of all tables of all databases as they were at that moment',
  'Check that no table was altered meanwhile and note the position of the binary log',
]

const logSteps = [
  'Connect to the server and look at its binary logs and rights',
  'Have the server close its current binary log and begin a new one',
  'Check that the logs continue where the last backup ended',
  'Back up every binary log written since then, byte for byte',
  'Check every event of them and note the position and the time that they lead to',
]

/** SQL text is a little longer than the rows it holds. */
const textPerByte = 1.1

export function plan(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Plan {
  const engineVersion = `${inventory.flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${inventory.version}`
  const goingOn = requested === 'log' ? continuation(inventory, heads) : undefined
  if (goingOn?.possible)
    return {
      kind: 'log',
      promoted: null,
      expectedBytes: goingOn.files.reduce((sum, { size }) => sum + size, 0),
      steps: logSteps,
      engineVersion,
      continues: [goingOn.base],
      lastFull: fullOf(heads),
    }
  const { physical } = inventory
  const instead = promotion(requested, goingOn, physical !== undefined)
  if (physical)
    return planPhysical(requested, inventory, physical, heads, {
      instead,
      engineVersion,
      continues: lastOf(inventory, heads),
    })
  return {
    kind: 'full',
    promoted: instead,
    expectedBytes: Math.ceil(inventory.dataBytes * textPerByte),
    steps: fullSteps,
    engineVersion,
    continues: lastOf(inventory, heads),
    lastFull: fullOf(heads),
  }
}

function fullOf({ data }: LaneHeads): UnitEntry[] {
  return data?.units.filter(entry => entry.unit === unit) ?? []
}

function promotion(requested: SnapshotKind, goingOn: Continuation | undefined, physical: boolean): Plan['promoted'] {
  if (requested === 'differential' && !physical)
    return {
      code: 'NO_DIFFERENTIAL',
      reason: 'there is no differential backup with method: logical, so everything is backed up',
    }
  return goingOn && !goingOn.possible ? { code: goingOn.code, reason: goingOn.reason } : null
}

/** What was committed last of this server: a full stays in the same history of its log where it can. */
function lastOf(inventory: Inventory, heads: LaneHeads): UnitEntry[] {
  const log = heads.log?.units.find(entry => entry.unit === unit)
  const [data] = fullOf(heads)
  if (!data || !isOfServer(data.to.stream, inventory)) return []
  return [log?.to.stream === data.to.stream && log.to.at > data.to.at ? log : data]
}
