import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Promotion } from '../../shared/api/agent.ts'
import { Failure } from '../../shared/failure.ts'
import { newUlid } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { LaneHeads, SnapshotKind, UnitEntry } from '../../shared/snapshot.ts'
import type { BackupMode } from '../../uploader/backup/backup.ts'
import type { BackupContext, Plan, Session } from '../../uploader/engines/engine.ts'
import { PromotionNeeded } from '../../uploader/engines/promotion-needed.ts'
import type { Receiver } from '../../uploader/receiver/receiver.ts'
import { backUp, enrolAgent, logEntry, position, registerSource, type TestAgent } from '../receiver/agent.ts'
import { startReceiver, type TestReceiver } from '../receiver/support.ts'
import { text } from '../sealed/support.ts'
import { FakeEngine } from './engine.ts'
import { content, MiB, newRig, type Rig } from './support.ts'
import { startVault, type Vault } from './vault.ts'

/** An application with one unit that can do whatever kind it is asked for, and remembers what that was. */
class LogEngine extends FakeEngine {
  readonly asked: SnapshotKind[] = []
  readonly heads: LaneHeads[] = []
  at = 10
  #logged = 10
  #kind: SnapshotKind = 'full'

  constructor() {
    super([content('a', text(2000))], 3000)
    this.plan = (requested, _inventory, heads): Plan => {
      this.asked.push(requested)
      this.heads.push(heads)
      return { kind: requested, promoted: null, expectedBytes: 3000, steps: ['Back up'], engineVersion: 'test 1' }
    }
  }

  override async begin(settings: object, plan: Plan, context: BackupContext): Promise<Session> {
    this.#kind = plan.kind
    const session = await super.begin(settings, { ...plan, steps: ['', ''] }, context)
    return { ...session, units: () => [this.#entry()] }
  }

  #entry(): UnitEntry {
    const time = new Date(Date.parse('2026-11-22T10:00:00Z') + this.at * 60_000).toISOString()
    const entry = { unit: 'server', base: null, to: position(this.at), covers: { from: time, to: time } }
    const from = position(this.#kind === 'log' ? this.#logged : this.at)
    this.#logged = this.at
    return { ...entry, kind: this.#kind, from }
  }
}

const broken: Promotion = { code: 'CHAIN_BROKEN', reason: 'the logs lead back to no full' }
const needed = () => new ProblemError('promotion-needed', broken.reason, { extra: { promote: broken } })

describe('a log run that the receiver wants to be a full one', () => {
  let vault: Vault
  let rig: Rig
  beforeAll(async () => {
    vault = await startVault()
  })
  afterAll(() => vault.close())
  beforeEach(async () => {
    rig = await newRig(vault)
    rig.receiver.head = {
      snapshot: `${newUlid()}.${newUlid()}`,
      lane: 'data',
      kind: 'full',
      receivedAt: new Date().toISOString(),
      units: [],
    }
  })
  afterEach(() => rig.close())

  for (const mode of ['auto', 'log'] as const)
    test(`is promoted before anything is opened, in mode ${mode}, and says why`, async () => {
      rig.receiver.promote = broken
      const engine = new LogEngine()
      const result = await rig.backUp(engine, { mode })
      expect(result).toMatchObject({ kind: 'full', requested: mode, promoted: broken.reason })
      expect(rig.receiver.manifests[0]).toMatchObject({ kind: 'full', lane: 'data' })
      expect(engine.asked).toEqual(['full'])
      expect(Object.keys(engine.heads[0]!).sort()).toEqual(['data', 'log'])
      expect(rig.receiver.calls.filter(call => call === 'open')).toHaveLength(1)
      expect(await rig.staged()).toEqual([])
    })

  test('is left alone when it was to be a full or differential anyway', async () => {
    rig.receiver.promote = broken
    for (const mode of ['full', 'differential'] as BackupMode[])
      expect(await rig.backUp(new LogEngine(), { mode })).toMatchObject({ kind: mode, promoted: null })
  })

  test('is promoted once when it is only told so as it opens', async () => {
    let refusals = 0
    rig.receiver.before = call => {
      if (call === 'open' && refusals++ === 0) throw needed()
    }
    const engine = new LogEngine()
    const result = await rig.backUp(engine, { mode: 'log' })
    expect(result).toMatchObject({ kind: 'full', requested: 'log', promoted: broken.reason })
    expect(engine.asked).toEqual(['log', 'full'])
    expect(rig.receiver.states()).toEqual(['committed'])
    expect(await rig.staged()).toEqual([])
  })

  test('gives up when the full is refused as well, and leaves nothing', async () => {
    rig.receiver.before = call => {
      if (call === 'open') throw needed()
    }
    await expect(rig.backUp(new LogEngine(), { mode: 'log' })).rejects.toMatchObject({ code: 'promotion-needed' })
    expect(rig.receiver.calls.filter(call => call === 'open')).toHaveLength(2)
    expect(await rig.staged()).toEqual([])
  })

  test.each([
    ['auto', 'log'],
    ['differential', 'differential'],
  ] as const)(
    'in mode %s, is promoted when only its engine finds, as it begins or as it reads, that the %s continues nothing',
    async (mode, kind) => {
      for (const at of ['begin', 'read'] as const) {
        const engine = new LogEngine()
        const begin = engine.begin.bind(engine)
        const impossible = new PromotionNeeded({ code: 'PURGED', reason: 'the log is gone' })
        engine.begin = async (settings, plan, context) => {
          if (plan.kind === kind && at === 'begin') throw impossible
          const session = await begin(settings, plan, context)
          if (plan.kind !== kind) return session
          return {
            ...session,
            // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
            async *artefacts() {
              throw impossible
            },
          }
        }
        const result = await rig.backUp(engine, { mode })
        expect(result).toMatchObject({ kind: 'full', requested: mode, promoted: 'the log is gone' })
        expect(engine.asked).toEqual([kind, 'full'])
        expect(await rig.staged()).toEqual([])
      }
      expect(rig.receiver.states()).toEqual(['abandoned', 'committed', 'abandoned', 'committed'])
    },
  )

  test('killed at its second opening is ended by the next run as what it became', async () => {
    let opens = 0
    rig.receiver.before = call => {
      if (call !== 'open') return
      opens += 1
      if (opens === 1) throw needed()
      if (opens === 2) throw new Failure('receiver-unreachable', 'away', { retriable: true })
    }
    await expect(rig.backUp(new LogEngine(), { mode: 'log' })).rejects.toMatchObject({ code: 'receiver-unreachable' })
    const opened: string[] = []
    const { open } = rig.receiver
    rig.receiver.open = request => {
      opened.push(request.kind)
      return open.call(rig.receiver, request)
    }
    rig.receiver.before = () => {}
    await rig.backUp(new LogEngine(), { mode: 'full' })
    expect(opened).toEqual(['full', 'full'])
    expect(rig.receiver.states()).toEqual(['abandoned', 'committed'])
  })
})

describe('against the receiver itself', () => {
  let receiver: TestReceiver
  let vault: Vault
  let rig: Rig
  let agent: TestAgent
  beforeAll(async () => {
    receiver = await startReceiver()
    vault = await startVault()
    rig = await newRig(vault)
    agent = await enrolAgent(receiver)
  })
  afterAll(async () => {
    await rig?.close()
    await vault?.close()
    await receiver?.[Symbol.asyncDispose]()
  })

  const run = (engine: LogEngine, mode: BackupMode) => {
    receiver.clock.advance(1)
    return rig.backUp(engine, {
      mode,
      staging: { dir: rig.dir, maxBytes: 200 * MiB },
      receiver: receiverOf(agent),
      agent: { ...rig.agent, agent: agent.id, tenant: agent.tenant, key: agent.key },
    })
  }

  test('logs go on from one another, a gap makes the next run a full one, and logs go on from there', async () => {
    const engine = new LogEngine()
    expect(await run(engine, 'auto')).toMatchObject({ kind: 'full', promoted: null })
    for (engine.at of [20, 30]) expect(await run(engine, 'auto')).toMatchObject({ kind: 'log', promoted: null })
    const source = await registerSource(agent, 'shop')
    // somebody's log went elsewhere: the positions between are gone
    const gap = await backUp(agent, source, 'log', [
      logEntry('server', 35, 40, '2026-11-22T10:35:00Z', '2026-11-22T10:40:00Z'),
    ])
    expect(gap.warnings).toHaveLength(1)
    engine.at = 50
    expect(await run(engine, 'log')).toMatchObject({
      kind: 'full',
      requested: 'log',
      promoted: expect.stringMatching(/log missing 2026-11-22 10:30 to 2026-11-22 10:35/),
    })
    engine.at = 60
    expect(await run(engine, 'log')).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
  })
})

/** The receiver in this process as a run sees it. */
function receiverOf(agent: TestAgent): Receiver {
  const call = async (method: string, target: string, body?: unknown) => {
    const answer = await agent.call(method, target, body)
    if (answer.status >= 400) throw ProblemError.fromDocument(answer.body)
    return answer.body
  }
  const on = (snapshot: string, rest: string) => `/v1/snapshots/${snapshot}${rest}`
  return {
    registerSource: (name, request) => call('PUT', `/v1/sources/${name}`, request),
    sources: () => call('GET', '/v1/sources'),
    heads: source => call('GET', `/v1/sources/${source}/heads`),
    open: request => call('POST', '/v1/snapshots', request),
    renew: (snapshot, lease) => call('POST', on(snapshot, '/renew'), { lease }),
    parts: (snapshot, request) => call('POST', on(snapshot, '/parts'), request),
    packParts: (snapshot, n, lease) => call('GET', on(snapshot, `/packs/${n}/parts?lease=${lease}`)),
    complete: (snapshot, lease, pack) => call('POST', on(snapshot, `/packs/${pack.n}/complete`), { lease, pack }),
    commit: (snapshot, lease, manifest) => call('POST', on(snapshot, '/commit'), { lease, manifest }),
    abort: (snapshot, lease) => call('DELETE', on(snapshot, `?lease=${lease}`)),
    recordProof: (snapshot, proof) => call('POST', on(snapshot, '/proofs'), proof),
    recordRun: request => call('POST', '/v1/runs', request),
    link: request => call('POST', '/v1/links', request),
  }
}
