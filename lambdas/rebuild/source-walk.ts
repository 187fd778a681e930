import type { SourceId, TenantId } from '../../shared/ids.ts'
import { ulidOf } from '../../shared/ids.ts'
import type { Lane } from '../../shared/snapshot.ts'
import { committedOn } from '../catalogue/history.ts'
import { ensureKeep } from '../catalogue/keep.ts'
import { laneKey, sourceKey } from '../catalogue/keys.ts'
import { findLane } from '../catalogue/leases.ts'
import type { Committed } from '../catalogue/snapshots.ts'
import { findSource } from '../catalogue/sources.ts'
import { isRefused, present, type Table, update } from '../catalogue/table.ts'
import type { Heads } from './restore-snapshot.ts'

const isOlder =
  'attribute_not_exists(#lastReceivedAt) OR #lastReceivedAt < :receivedAt OR (#lastReceivedAt = :receivedAt AND #lastSnapshot < :snapshot)'

/** One source on the way through its snapshots, in the order in which they were opened. */
export class SourceWalk {
  readonly tenant: TenantId
  readonly source: SourceId
  /** Of what was passed so far. */
  readonly heads: Heads
  #newest: { snapshot: string; receivedAt: string } | undefined

  private constructor(tenant: TenantId, source: SourceId, heads: Heads) {
    this.tenant = tenant
    this.source = source
    this.heads = heads
  }

  /** @param first snapshot that will be passed: what lies before it was passed by an earlier call */
  static async begin(table: Table, tenant: TenantId, source: SourceId, first: string): Promise<SourceWalk> {
    const before = async (lane: Lane) => {
      const range = { before: ulidOf(first), backwards: true }
      for await (const { snapshot } of committedOn(table, source, lane, range)) return snapshot
      return null
    }
    const heads = { data: await before('data'), log: await before('log') }
    return new SourceWalk(tenant, source, heads)
  }

  pass({ snapshot, lane, receivedAt }: Pick<Committed, 'snapshot' | 'lane' | 'receivedAt'>): void {
    this.heads[lane] = snapshot
    if (!this.#newest || this.#newest.receivedAt <= receivedAt) this.#newest = { snapshot, receivedAt }
  }

  /** Raises what the source says of its newest snapshots, where that is older. Nothing is written where it is right. */
  async end(table: Table, now: Date): Promise<void> {
    const newest = this.#newest
    if (!newest) return
    for (const lane of ['data', 'log'] as const) await this.#raiseHead(table, lane)
    const source = await findSource(table, this.tenant, this.source)
    const { lastReceivedAt = '', lastSnapshot = '' } = source ?? {}
    const { snapshot, receivedAt } = newest
    if (source && (lastReceivedAt < receivedAt || (lastReceivedAt === receivedAt && lastSnapshot < snapshot)))
      await unlessRefused(
        update(table, {
          key: sourceKey(this.tenant, this.source),
          update: 'SET #lastSnapshot = :snapshot, #lastReceivedAt = :receivedAt',
          condition: `${present} AND (${isOlder})`,
          values: { ':snapshot': snapshot, ':receivedAt': receivedAt },
        }),
      )
    await ensureKeep(table, this, now)
  }

  async #raiseHead(table: Table, lane: Lane): Promise<void> {
    const head = this.heads[lane]
    const known = (await findLane(table, this.source, lane)).head
    if (head === null || (known !== undefined && known >= head)) return
    await unlessRefused(
      update(table, {
        key: laneKey(this.source, lane),
        update: 'SET #head = :head',
        condition: 'attribute_not_exists(#head) OR #head < :head',
        values: { ':head': head },
      }),
    )
  }
}

/** A commit or another rebuild at the same time has put it higher. */
async function unlessRefused(write: Promise<void>): Promise<void> {
  await write.catch(error => {
    if (!isRefused(error)) throw error
  })
}
