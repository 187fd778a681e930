import { type LaneHeads, laneOf, type SnapshotKind } from '../../../../shared/snapshot.ts'
import type { Plan } from '../../engine.ts'
import { dataBytes, type Inventory } from '../inventory.ts'
import { entryOf, type Reason } from './base.ts'
import { judge, type Task, type Verdict } from './judge.ts'
import { countOf, namesOf } from './words.ts'

/**
 * A snapshot holds logs, or fulls and differentials side by side. So where a log cannot go on, the run becomes a differential: of that database what
 * heals it, a differential if one will do, and of all others a differential too. Their logs go on with the next run.
 */
export function plan(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Plan {
  const { kind, verdicts, promoted } = chosen(requested, inventory, heads)
  const tasks = verdicts.flatMap(verdict => (verdict.how === 'take' ? [verdict.task] : []))
  return {
    kind,
    promoted,
    expectedBytes: tasks.reduce((sum, task) => sum + expectedOf(task, heads), 0),
    steps: stepsOf(kind, verdicts, tasks, inventory),
    engineVersion: `SQL Server ${inventory.version} ${inventory.edition}`,
    heads,
  }
}

interface Chosen {
  kind: SnapshotKind
  verdicts: Verdict[]
  promoted: Plan['promoted']
}

function chosen(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Chosen {
  const verdicts = judge(requested, inventory, heads)
  if (requested === 'full') return { kind: 'full', verdicts, promoted: null }
  if (requested === 'differential') return asData(verdicts, undefined)
  const reason = whyNotLogs(verdicts, inventory)
  if (!reason) return { kind: 'log', verdicts, promoted: null }
  return asData(judge('differential', inventory, heads), reason)
}

/** Where nothing of it builds on an earlier backup, it is a full. */
function asData(verdicts: Verdict[], reason: Reason | undefined): Chosen {
  const builds = verdicts.some(
    verdict => verdict.how === 'unchanged' || (verdict.how === 'take' && verdict.task.kind === 'differential'),
  )
  if (builds) return { kind: 'differential', verdicts, promoted: reason ?? null }
  const [instead] = verdicts.flatMap(verdict =>
    verdict.how === 'take' && verdict.task.instead ? [verdict.task.instead] : [],
  )
  return { kind: 'full', verdicts, promoted: reason ?? instead ?? null }
}

function whyNotLogs(verdicts: Verdict[], { policy }: Inventory): Reason | undefined {
  if (policy.coexist)
    return {
      code: 'COEXIST',
      reason: 'another product owns the chain of backups (coexist), so everything is backed up in full',
    }
  const broken = verdicts.filter(verdict => verdict.how === 'broken')
  if (broken.length > 0) {
    const named = broken.slice(0, 3).map(({ database, reason }) => `${JSON.stringify(database.name)}: ${reason}`)
    const more = broken.length > named.length ? `; and ${broken.length - named.length} more` : ''
    return {
      code: broken[0]!.code,
      reason: `logs cannot go on (${named.join('; ')}${more}), so a differential or full backup bridges the gap`,
    }
  }
  if (verdicts.some(({ how }) => how === 'take' || how === 'unchanged' || how === 'waits' || how === 'fail'))
    return undefined
  return { code: 'NO_LOGS', reason: 'no database has logs to back up: the recovery model of all is SIMPLE' }
}

/** What a differential is expected to hold of its full, where none was taken before. */
const changedShare = 0.1

function expectedOf({ database, kind }: Task, heads: LaneHeads): number {
  const last = entryOf(kind === 'log' ? heads.log : heads.data, database)
  const known = last?.kind === kind ? Number(last.info?.bytes) : Number.NaN
  if (Number.isFinite(known)) return known
  if (kind === 'log') return 0
  return Math.ceil(dataBytes(database) * (kind === 'full' ? 1 : changedShare))
}

function stepsOf(kind: SnapshotKind, verdicts: Verdict[], tasks: Task[], { throughDoor }: Inventory): string[] {
  const [how, then] = throughDoor
    ? [
        'each sent to the door of the agent on this machine',
        'Seal each backup while it comes, and check in the history of the server that it belongs to the chain of its database',
      ]
    : [
        'each into a file of its own in the exchange directory',
        'Have the server verify each file, check that it belongs to the chain of its database, seal it and remove it',
      ]
  return [
    'Connect to the server and look at its databases, their files and their log chains',
    `${whatIsTaken(kind, tasks)}, ${how}${leftOut(verdicts)}`,
    then,
    laneOf(kind) === 'log'
      ? 'Note up to where the log of each database is backed up'
      : 'Note which full each database is at, and from where its logs go on',
  ]
}

function whatIsTaken(kind: SnapshotKind, tasks: Task[]): string {
  const fulls = tasks.filter(task => task.kind === 'full').length
  if (kind === 'log') return `Back up the transaction logs of ${countOf(tasks.length, 'database')}`
  if (kind === 'full') return `Back up ${countOf(tasks.length, 'database')} in full`
  const differentials = `Back up what has changed in ${countOf(tasks.length - fulls, 'database')}`
  return fulls === 0 ? differentials : `${differentials}, and ${fulls} in full`
}

function leftOut(verdicts: Verdict[]): string {
  const named = verdicts.flatMap(verdict =>
    verdict.how === 'leave-out' || verdict.how === 'waits' || verdict.how === 'fail'
      ? [`${verdict.database.name} (${verdict.reason})`]
      : [],
  )
  return named.length === 0 ? '' : `; not backed up: ${namesOf(named)}`
}
