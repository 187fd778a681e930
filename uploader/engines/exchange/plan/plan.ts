import { Failure } from '../../../../shared/failure.ts'
import type { LaneHeads, SnapshotKind } from '../../../../shared/snapshot.ts'
import type { Plan } from '../../engine.ts'
import { fullBytes, type Inventory, logSize, systemStateUnit } from '../inventory.ts'
import { generationAt } from '../position.ts'
import { judgeFull, judgeLogs, type LogVerdict, type Reason } from './judge.ts'

/** A snapshot is a full of all databases, or holds the logs of all: where one of them cannot go on, all are taken in full. */
export function plan(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Plan {
  if (requested === 'full') return fullPlan(inventory, heads, null)
  if (requested === 'differential')
    return fullPlan(inventory, heads, {
      code: 'NO_DIFFERENTIAL',
      reason: 'diskshadow takes fulls and copies, no differential of Exchange',
    })
  const verdicts = judgeLogs(inventory, heads)
  const reason = whyNotLogs(verdicts)
  return reason ? fullPlan(inventory, heads, reason) : logPlan(inventory, heads, verdicts)
}

function whyNotLogs(verdicts: readonly LogVerdict[]): Reason | undefined {
  const broken = verdicts.filter(verdict => verdict.how === 'broken')
  if (broken.length > 0) {
    const named = broken.slice(0, 3).map(({ database, reason }) => `${database.name}: ${reason}`)
    const more = broken.length > named.length ? `; and ${broken.length - named.length} more` : ''
    return { code: broken[0]!.code, reason: `logs cannot go on (${named.join('; ')}${more})` }
  }
  if (verdicts.some(({ how }) => how === 'take')) return undefined
  // A full for every log run would be a night's work every quarter of an hour.
  if (verdicts.some(verdict => verdict.how === 'leave-out' && verdict.database.circular && verdict.warn))
    throw new Failure('exchange-circular-logging', 'There are no logs to back up: circular logging is on', {
      why: 'Exchange removes the logs of these databases by itself, before a run could take them',
      fix: 'Take log out of the schedule, or run Set-MailboxDatabase NAME -CircularLoggingEnabled $false, mount it again (outside a DAG), and take a full backup',
    })
  return undefined
}

function fullPlan(inventory: Inventory, heads: LaneHeads, promoted: Plan['promoted']): Plan {
  const taken = judgeFull(inventory).flatMap(verdict => (verdict.how === 'take' ? [verdict.database] : []))
  const state = inventory.policy.systemState
  const known = heads.data?.units.find(({ unit }) => unit === systemStateUnit)?.info?.bytes
  return {
    kind: 'full',
    promoted,
    expectedBytes: taken.reduce((sum, database) => sum + fullBytes(database), state ? Number(known ?? 0) : 0),
    steps: [
      'Look at the databases of Exchange, their volumes and the state of their VSS writer',
      state
        ? `Have Windows Server Backup write the System State to ${state.target}, seal it and remove it there`
        : 'Leave the System State out, as the configuration says',
      `Have diskshadow make shadow copies of the volumes of ${taken.length} ${taken.length === 1 ? 'database' : 'databases'}, with Exchange holding still for a moment`,
      'Read every database, its logs and its checkpoint from the shadow copies, check and seal them',
      'When the provider has committed: end the backup, so that Exchange truncates its logs, and remove the shadow copies',
    ],
    engineVersion: `Exchange ${inventory.version}`,
    heads,
  }
}

function logPlan(inventory: Inventory, heads: LaneHeads, verdicts: readonly LogVerdict[]): Plan {
  const expectedBytes = verdicts.reduce((sum, verdict) => {
    if (verdict.how !== 'take') return sum
    const { closed } = verdict.database
    return sum + logSize * Math.max(0, (closed?.highest ?? 0) - generationAt(verdict.last))
  }, 0)
  return {
    kind: 'log',
    promoted: null,
    expectedBytes,
    steps: [
      'Look at the databases of Exchange and at the logs that are closed',
      'Read each log that is new since the last backup, check that it follows the one before, and seal it',
      'Note up to which log each database is backed up',
    ],
    engineVersion: `Exchange ${inventory.version}`,
    heads,
  }
}
