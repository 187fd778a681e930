import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { noteCommit } from '../../lambdas/catalogue/expectations.ts'
import { snapshotKey, sourceKey, watchdogKey } from '../../lambdas/catalogue/keys.ts'
import { findSource } from '../../lambdas/catalogue/sources.ts'
import { put, type Table, update } from '../../lambdas/catalogue/table.ts'
import type { Environment } from '../../lambdas/http/environment.ts'
import type { Delivery, Outcome } from '../../lambdas/notices/post.ts'
import { watch } from '../../lambdas/watchdog/watch.ts'
import { newUlid } from '../../shared/ids.ts'
import type { Notice } from '../../shared/notice.ts'
import { laneOf, type SnapshotKind } from '../../shared/snapshot.ts'
import type { TestAgent } from './agent.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

const minute = 60_000
/** As the stack's rule fires it. */
const every = 5 * minute

/** A receiver whose watchdog passes by a clock that the test moves. */
export class Watched implements AsyncDisposable {
  readonly receiver: TestReceiver
  /** What the topic was given, repetitions too. */
  readonly published: Notice[] = []
  /** Stands in for the webhooks; without it none takes anything. */
  post: (delivery: Delivery) => Promise<Outcome> = async () => ({ ok: false, why: 'nobody is there' })

  private constructor(receiver: TestReceiver) {
    this.receiver = receiver
  }

  static async start(now: string, env: Partial<Environment> = {}): Promise<Watched> {
    const watched = new Watched(await startReceiver(env))
    watched.receiver.clock.now = new Date(now)
    await watched.pass() // the first ever
    return watched
  }

  /** One pass of the watchdog, now. */
  async pass(table: Table = this.receiver.ports.catalogue): Promise<void> {
    const ports = {
      ...this.receiver.ports,
      catalogue: table,
      topic: async (notice: Notice) => void this.published.push(notice),
      post: (delivery: Delivery) => this.post(delivery),
    }
    await watch(ports, () => 300_000)
  }

  /**
   * Lets the time pass until `end`, with a pass every five minutes; of those in which nothing is due only the fact that they took place. At each of
   * `events` what it says happens first.
   */
  async until(end: string, events: { at: string; happen: () => Promise<unknown> }[] = []): Promise<void> {
    const { clock } = this.receiver
    const last = Date.parse(end)
    const happenings = events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    while (clock.now.getTime() < last) {
      const event = happenings[0]
      const due = Math.max(await this.#firstDue(), clock.now.getTime() + 1)
      const passAt = Math.min(Math.ceil(due / every) * every, last)
      if (event && Date.parse(event.at) < passAt) {
        clock.now = new Date(Math.max(clock.now.getTime(), Date.parse(event.at)))
        await event.happen()
        happenings.shift()
        continue
      }
      await this.jump(new Date(passAt).toISOString())
      await this.pass()
    }
  }

  /** Makes it `to`, after passes every five minutes in which nothing was due. */
  async jump(to: string): Promise<void> {
    this.receiver.clock.now = new Date(to)
    await update(this.receiver.ports.catalogue, {
      key: watchdogKey,
      update: 'SET #passedAt = :at',
      values: { ':at': new Date(Date.parse(to) - every).toISOString() },
    })
  }

  async #firstDue(): Promise<number> {
    const { documents, name } = this.receiver.ports.catalogue
    const { Items = [] } = await documents.send(new ScanCommand({ TableName: name, IndexName: 'by-time' }))
    const queues = /^(DUE|SEEN|DAY|OUT)#/
    return Math.min(...Items.filter(({ gpk }) => queues.test(gpk)).map(({ gsk }) => Date.parse(gsk)))
  }

  /** What was told so far, each once: `raised run-late log`. */
  told(filter: (notice: Notice) => boolean = ({ state }) => state !== 'summary'): string[] {
    const seen = new Set<string>()
    return this.published
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)) // in the order in which they came about
      .filter(notice => filter(notice) && seen.size < seen.add(notice.id).size)
      .map(({ state, kind, detail }) => [state, kind, ...(detail?.mode ? [detail.mode] : [])].join(' '))
  }

  /** Forgets what was told. */
  hush(): void {
    this.published.length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receiver[Symbol.asyncDispose]()
  }

  /** A source with a schedule. */
  async source(agent: TestAgent, name: string, plan: Plan): Promise<string> {
    return ok(await agent.call('PUT', `/v1/sources/${name}`, { engine: 'mysql', ...plan })).source
  }

  /** A snapshot committed now, as the committer leaves it in the catalogue. */
  async commits(agent: TestAgent, source: string, kind: SnapshotKind, storedBytes = 1000): Promise<void> {
    const { catalogue } = this.receiver.ports
    const now = this.receiver.clock.now
    const at = now.toISOString()
    const snapshot = `${source}.${newUlid(now.getTime() - minute)}`
    const lane = laneOf(kind)
    const item = {
      ...{ state: 'committed', snapshot, source, tenant: agent.tenant, agent: agent.id, engine: 'mysql', lane, kind },
      ...{ run: newUlid(now.getTime()), lease: 'x'.repeat(43), head: null, partSize: 1, expectedBytes: 0 },
      ...{ openedAt: at, receivedAt: at, lockedUntil: at, lockMode: 'GOVERNANCE', minimumDays: 30 },
      ...{ manifestSha256: Buffer.alloc(32).toString('base64'), unitChunks: 0, units: '', warnings: [] },
      totals: { artefacts: 1, sourceBytes: storedBytes, sealedBytes: storedBytes, storedBytes },
    }
    await put(catalogue, { key: snapshotKey(snapshot, lane), item })
    await update(catalogue, {
      key: sourceKey(agent.tenant, source),
      update: 'SET #lastSnapshot = :snapshot, #lastReceivedAt = :at',
      values: { ':snapshot': snapshot, ':at': at },
    })
    await noteCommit(catalogue, (await findSource(catalogue, agent.tenant, source))!, { kind, warnings: [] }, now)
  }
}

export interface Plan {
  schedule?: Partial<Record<SnapshotKind, string>>
  timeZone?: string
  jitterSeconds?: number
}

/** `2027-03-28T02:30` … every day, at the same moment of UTC. */
export function daily(from: string, days: number): string[] {
  return Array.from({ length: days }, (_, i) => new Date(Date.parse(from) + i * 86_400_000).toISOString())
}
