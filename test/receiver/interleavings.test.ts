import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentKey, laneKey } from '../../lambdas/catalogue/keys.ts'
import { findPack, isComplete } from '../../lambdas/catalogue/packs.ts'
import { Snapshot, type SnapshotIn } from '../../lambdas/catalogue/snapshots.ts'
import { update } from '../../lambdas/catalogue/table.ts'
import { carryOn } from '../../lambdas/commit/commit.ts'
import { commitVault } from '../../lambdas/commit/commit-vault.ts'
import { headObject } from '../../lambdas/vault/head.ts'
import { metaKey, packKey } from '../../lambdas/vault/keys.ts'
import { newUlid } from '../../shared/ids.ts'
import { compositeChecksum } from '../../shared/manifest.ts'
import { type Lane, laneOf, type SnapshotKind } from '../../shared/snapshot.ts'
import { seed, times, within } from '../support/counts.ts'
import { seeded } from '../support/random.ts'
import {
  enrolAgent,
  fullEntry,
  logEntry,
  type Opened,
  putPart,
  registerSource,
  type Staged,
  stage,
  type TestAgent,
  windowOf,
} from './agent.ts'
import { chance, Interleaver, pick, type Random } from './interleavings.ts'
import { type Answer, bucket, credentials, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let first: TestAgent
let replacement: TestAgent
const at = new Date().toISOString()

beforeAll(async () => {
  receiver = await startReceiver()
  first = await enrolAgent(receiver)
  replacement = await enrolAgent(receiver, first.tenant)
  // what enrolling with --replaces leaves, but that the old agent's requests that are under way are still served
  await update(receiver.ports.catalogue, {
    key: agentKey(replacement.id),
    update: 'SET #predecessors = :old',
    values: { ':old': [first.id] },
  })
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

/** One source, what agents did to it, and what must hold whatever they did. */
class World {
  readonly source: string
  readonly random: Random
  readonly steps: Interleaver
  /** What an agent was told is committed. */
  readonly told = new Map<string, string>()
  readonly staged = new Map<string, Staged>()
  readonly committed = new Set<string>()
  heads = { data: '', log: '' }
  position = 10

  constructor(source: string, random: Random) {
    this.source = source
    this.random = random
    this.steps = new Interleaver(random)
    this.steps.afterStep = call => (call === 'TransactWriteCommand' ? this.check() : Promise.resolve())
  }

  /** Snapshots of both lanes, and the heads. */
  async items() {
    const { documents, name } = receiver.ports.catalogue
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: name,
        ConsistentRead: true,
        KeyConditionExpression: 'PK = :pk AND SK BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': `S#${this.source}`, ':from': 'D#', ':to': 'LANE#\uffff' },
      }),
    )
    const headOf = (lane: Lane): string => Items.find(({ SK }) => SK === laneKey(this.source, lane).SK)?.head ?? ''
    return {
      snapshots: Items.filter(({ SK }) => /^[DL]#/.test(SK)).map(item => ({ ...item, ...Snapshot.parse(item) })),
      heads: { data: headOf('data'), log: headOf('log') },
    }
  }

  /** After every transaction: what is visible is whole and stays, and heads only go forward. */
  async check(): Promise<void> {
    const { snapshots, heads } = await this.items()
    const visible = snapshots.filter(each => each.state === 'committed')
    const ids = new Set(visible.map(({ snapshot }) => snapshot))
    for (const id of this.committed) expect(ids.has(id), `${id} was committed and is not any more`).toBe(true)
    for (const item of visible) {
      if (this.committed.has(item.snapshot)) continue
      this.committed.add(item.snapshot)
      await this.requireWhole(item)
    }
    for (const lane of ['data', 'log'] as const) {
      const newest = visible.filter(item => item.lane === lane).map(({ snapshot }) => snapshot)
      expect(heads[lane], 'the head is the newest that is committed').toBe(newest.sort().at(-1) ?? '')
      expect(heads[lane] >= this.heads[lane], 'a head went back').toBe(true)
    }
    this.heads = heads
  }

  async requireWhole(item: SnapshotIn<'committed'>): Promise<void> {
    const { manifest } = this.staged.get(item.snapshot)!
    for (const pack of manifest.packs) {
      const known = await findPack(receiver.ports.catalogue, item.snapshot, pack.n)
      if (!known || !isComplete(known)) throw new Error(`pack ${pack.n} of ${item.snapshot} is not complete`)
      const stored = await headObject(receiver.vault, packKey(item, pack.n), known.versionId)
      expect(stored).toMatchObject({ sha256: compositeChecksum(pack), size: pack.size })
    }
    const names = { manifest: 'manifest.jws', units: 'units.jsonl', receipt: 'commit.json' } as const
    for (const [which, name] of Object.entries(names)) {
      const versionId = item.metaVersions![which as keyof typeof names]
      expect(await headObject(receiver.vault, metaKey(item, name as 'commit.json'), versionId)).toBeDefined()
    }
  }

  /** What no fault may lead to: an honest run is only ever told that another one was first. */
  allowed({ status, body, text }: Answer, died: boolean): void {
    if (status < 300 || (status === 500 && died)) return
    if (body.code === 'clock-skew') return // the clock moved on meanwhile: the agent signs anew
    const races = ['lane-held', 'lease-stale', 'snapshot-state', 'head-moved', 'throttled', 'promotion-needed']
    expect(races, text).toContain(body.code)
  }

  /** A call as an agent makes it: the request or its answer may get lost, it may come twice, and it is made again a few times. */
  async ask(actor: string, call: () => Promise<Answer>): Promise<Answer | undefined> {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (chance(this.random, 0.05)) continue // the request got lost
      if (chance(this.random, 0.15)) receiver.clock.advance(pick(this.random, [1, 5, 21, 41, 301]))
      const made = await Promise.all(
        Array.from({ length: chance(this.random, 0.2) ? 2 : 1 }, () => this.steps.invoke(actor, call)),
      )
      for (const { answer, died } of made) this.allowed(answer, died)
      const { answer } = pick(this.random, made)
      if (chance(this.random, 0.1)) continue // the answer got lost
      if (answer.status === 200 || answer.status === 409) return answer
    }
    return undefined // given up: this run is over for its agent
  }

  /** A run that may be killed between any two of its calls. */
  async run(actor: string, agent: TestAgent): Promise<void> {
    const killed = () => chance(this.random, 0.08)
    const kind: SnapshotKind = chance(this.random, 0.3) ? 'log' : 'full'
    const run = newUlid()
    const request = { source: this.source, lane: laneOf(kind), kind, run, expectedBytes: 1000 }
    const answer = await this.ask(actor, () => agent.call('POST', '/v1/snapshots', request))
    if (answer?.status !== 200 || killed()) return
    const opened = { run, kind, ...(answer.body as Opened) }
    const to = ++this.position
    const units = [kind === 'log' ? logEntry('a', 1, to, at, at) : fullEntry('a', to, at)]
    const staged = await stage(agent, opened, units, { size: 1100 })
    this.staged.set(staged.snapshot, staged)
    const { snapshot, lease, parts, manifest, jws } = staged
    const path = `/v1/snapshots/${snapshot}`

    const window = await this.ask(actor, () => agent.call('POST', `${path}/parts`, { lease, parts: windowOf(parts) }))
    if (window?.status !== 200 || killed()) return
    const [{ url, headers }] = window.body.urls
    const put = await putPart(url, headers, parts[0]!)
    await put.arrayBuffer()
    expect(put.status).toBe(200)
    if (killed()) return
    if (chance(this.random, 0.3)) {
      const pack = manifest.packs[0]
      await this.ask(actor, () => agent.call('POST', `${path}/packs/1/complete`, { lease, pack }))
    }
    if (chance(this.random, 0.2)) await this.ask(actor, () => agent.call('POST', `${path}/renew`, { lease }))
    if (chance(this.random, 0.07)) {
      await this.ask(actor, () => agent.call('DELETE', `${path}?lease=${lease}`))
      return
    }
    const done = await this.ask(actor, () => agent.call('POST', `${path}/commit`, { lease, manifest: jws }))
    if (done?.status === 200) this.told.set(snapshot, done.body.receivedAt)
  }

  /** As the janitor does it, when all agents have gone home. */
  async settle(): Promise<void> {
    receiver.clock.advance(60)
    const s3 = { endpoint: receiver.s3Url, region: 'us-east-1', credentials, forcePathStyle: true }
    const ports = { ...receiver.ports, catalogue: receiver.ports.catalogue, vault: commitVault(bucket, s3) }
    for (const item of (await this.items()).snapshots)
      if (item.state === 'committing')
        expect(await carryOn(ports, item, receiver.clock.now.getTime() + 20_000)).toBeDefined()
    await this.check()
    for (const item of (await this.items()).snapshots) {
      const { snapshot, state } = item
      expect(['open', 'committed', 'abandoned']).toContain(state)
      expect('gpk' in item, `${snapshot}, ${state}, waits for the janitor`).toBe(state !== 'committed')
      if (item.state === 'abandoned') expect(item.reason).toMatch(/took over|the agent aborted it/)
      const told = this.told.get(snapshot)
      if (told !== undefined) expect(item).toMatchObject({ state: 'committed', receivedAt: told })
    }
    for (const id of this.told.keys()) expect(this.committed.has(id), `${id} is lost`).toBe(true)
  }
}

describe('two agents that write to one source', () => {
  it(
    'whatever order, retries, duplicates, time-outs and deaths their calls meet, leave one head, whole snapshots, and lose none',
    async () => {
      const seen = { committed: 0, told: 0, abandoned: 0, died: 0, repeated: 0 }
      const count = times(1000)
      const started = performance.now()
      await fc.assert(
        fc.asyncProperty(fc.integer(), async from => {
          const source = await registerSource(first, newUlid())
          const world = new World(source, seeded(from))
          Object.assign(receiver.seams, { table: world.steps.table, vault: world.steps.vault })
          try {
            const second = chance(world.random, 0.5) ? replacement : first
            const runs = async (actor: string, agent: TestAgent) => {
              const many = 1 + Math.floor(world.random() * 2)
              for (let i = 0; i < many; i++) await world.run(actor, agent)
            }
            await world.steps.drive({ one: runs('one', first), two: runs('two', second) })
          } finally {
            Object.assign(receiver.seams, { table: <T>(t: T) => t, vault: <T>(v: T) => v })
          }
          await world.settle()
          seen.committed += world.committed.size
          seen.told += world.told.size
          seen.abandoned += (await world.items()).snapshots.filter(({ state }) => state === 'abandoned').length
          seen.died += world.steps.faults.died
          seen.repeated += world.steps.faults.repeated
        }),
        { seed, numRuns: count, endOnFailure: true },
      )
      console.info(`${count} interleavings, ${((performance.now() - started) / count).toFixed(1)} ms each`, seen)
      // the property must have been put to the test
      for (const [what, often] of Object.entries(seen)) expect(often, what).toBeGreaterThan(count / 10)
      expect(receiver.logged.failures.every(error => String(error).includes('died at'))).toBe(true)
    },
    within(600_000),
  )
})
