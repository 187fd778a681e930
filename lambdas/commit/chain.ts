import { type EarlierLog, heals, judgeLog, type LogChain } from '../../shared/continuity.ts'
import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import type { CommittedSnapshot, Lane, UnitEntry } from '../../shared/snapshot.ts'
import { snapshotKey } from '../catalogue/keys.ts'
import { findLane } from '../catalogue/leases.ts'
import { findCondition, type NewNotice, raiseCondition, recoverCondition } from '../catalogue/notices.ts'
import { Snapshot, type SnapshotIn } from '../catalogue/snapshots.ts'
import type { Source } from '../catalogue/sources.ts'
import { read, type Table } from '../catalogue/table.ts'
import { withUnits } from '../catalogue/units.ts'
import type { CommitPorts } from './ports.ts'
import { chainWarnings } from './warnings.ts'

/** So many snapshots of either lane are looked at for units that its head does not name; what is not found by then is broken. */
const readAtMost = { data: 8, log: 24 }

/**
 * What a log continues. Mostly the heads of both lanes tell; nothing else is read then.
 * @param dataHead of the data lane when the log was committed; left out, as it is now
 */
export async function chainOf(
  table: Table,
  log: Pick<SnapshotIn<'committing'>, 'source' | 'head' | 'receivedAt'>,
  units: UnitEntry[],
  dataHead?: SnapshotId | null,
): Promise<LogChain> {
  const head = dataHead === undefined ? (await findLane(table, log.source, 'data')).head : dataHead
  const lanes = {
    log: lane(table, log.source, 'log', log.head),
    data: lane(table, log.source, 'data', head ?? null),
  }
  const before: { logs: EarlierLog[]; data: CommittedSnapshot[] } = { logs: [], data: [] }
  const more = async (which: Lane) => {
    const known = which === 'log' ? before.logs : before.data
    const next = known.length < readAtMost[which] ? (await lanes[which].next()).value : undefined
    if (next) known.push(next)
    return next !== undefined
  }
  await Promise.all([more('log'), more('data')])
  for (;;) {
    const { chain, wants } = judgeLog({ receivedAt: log.receivedAt, units }, before)
    if (!((wants.log && (await more('log'))) || (wants.data && (await more('data'))))) return chain
  }
}

/** Backwards from a head, each by the head that it was opened on. */
async function* lane(
  table: Table,
  source: SourceId,
  lane: Lane,
  head: SnapshotId | null,
): AsyncGenerator<EarlierLog, undefined> {
  for (let id = head; id !== null; ) {
    const item = await read(table, Snapshot, snapshotKey(id, lane))
    if (item?.state !== 'committed' || item.source !== source) return
    yield { ...(await withUnits(table, item)), chain: item.chain }
    id = item.head
  }
}

/** The condition `chain-broken` of a source: raised by a log that is broken, over with one that is not, or with the data that heals it. */
export async function tellChain(
  { catalogue, env, clock }: CommitPorts,
  source: Source,
  snapshot: SnapshotIn<'committing'>,
  units: UnitEntry[],
  chain: LogChain | undefined,
): Promise<void> {
  const notice = (text: string): NewNotice => ({
    at: clock().toISOString(),
    receiver: env.RECEIVER_ID,
    tenant: source.tenant,
    kind: 'chain-broken',
    severity: 'warning',
    subject: { type: 'source', id: source.source, name: source.name },
    text,
    detail: { snapshot: snapshot.snapshot },
  })
  if (chain && chain.brokenCount > 0) {
    const known = await findCondition(catalogue, source.tenant, 'chain-broken', source.source)
    if (known?.recoveredAt === null) return
    const text = `${source.name}: ${chainWarnings(chain).slice(0, 3).join('. ')}. Back it up in full, or wait for its next full or differential.`
    await raiseCondition(catalogue, notice(text))
    return
  }
  const broken = chain ?? (await brokenLog(catalogue, source.source))
  if (chain || (broken && heals({ kind: snapshot.kind, units }, broken)))
    await recoverCondition(catalogue, notice(`${source.name}: its logs can be restored again.`))
}

async function brokenLog(table: Table, source: SourceId): Promise<LogChain | undefined> {
  const { head } = await findLane(table, source, 'log')
  const log = head === undefined ? undefined : await read(table, Snapshot, snapshotKey(head, 'log'))
  return log?.state === 'committed' ? log.chain : undefined
}
