import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findCondition, lastNotices } from '../../lambdas/catalogue/notices.ts'
import { newUlid } from '../../shared/ids.ts'
import { backUp, enrolAgent, fullEntry, logEntry, registerSource, type TestAgent } from './agent.ts'
import { Death } from './faults.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
let source: string
beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
beforeEach(async () => {
  source = await registerSource(agent, newUlid())
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const time = (minutes: number) => new Date(Date.parse('2026-11-22T14:00:00Z') + minutes * 60_000).toISOString()
const full = (at: number) => backUp(agent, source, 'full', [fullEntry('a', at, time(at))])
const differential = (base: string, at: number) =>
  backUp(agent, source, 'differential', [{ ...fullEntry('a', at, time(at)), kind: 'differential', base }])
const log = (from: number, to: number) => backUp(agent, source, 'log', [logEntry('a', from, to, time(from), time(to))])
const proven = async (snapshot: string, outcome: 'passed' | 'failed', level = 'stored') =>
  ok(await agent.call('POST', `/v1/snapshots/${snapshot}/proofs`, { method: 'verify', level, outcome }))
const isOpen = async () =>
  (await findCondition(receiver.ports.catalogue, agent.tenant, 'proof-failed', source))?.recoveredAt === null
/** Newest last. */
const told = async () =>
  (await lastNotices(receiver.ports.catalogue, agent.tenant, 100))
    .filter(({ kind, subject }) => kind === 'proof-failed' && subject.id === source)
    .map(({ state, severity }) => `${state} ${severity}`)
    .reverse()

describe('the newest full is found unreadable: that', () => {
  it('is told once, however often it is found, and is over with the next full', async () => {
    const first = await full(10)
    await proven(first.snapshot, 'failed')
    await proven(first.snapshot, 'failed', 'opened')
    expect(await told()).toEqual(['raised critical'])
    await log(10, 20)
    expect(await isOpen()).toBe(true)
    await full(20)
    expect(await told()).toEqual(['raised critical', 'recovered info'])
  })

  it('is over when a proof of the same level passes, and not with a lesser one', async () => {
    const { snapshot } = await full(10)
    await proven(snapshot, 'failed', 'opened')
    await proven(snapshot, 'passed', 'stored')
    expect(await isOpen()).toBe(true)
    await proven(snapshot, 'passed', 'opened')
    expect(await told()).toEqual(['raised critical', 'recovered info'])
  })

  it('is told once wherever the process dies, when the result comes again', async () => {
    for (let at = 1, died = true; died; at++)
      for (const when of ['before', 'after'] as const) {
        source = await registerSource(agent, newUlid())
        const { snapshot } = await full(10)
        const death = new Death(at, when)
        receiver.seams.table = death.table
        await agent.call('POST', `/v1/snapshots/${snapshot}/proofs`, {
          ...{ method: 'verify', level: 'stored', outcome: 'failed' },
        })
        receiver.seams.table = table => table
        died = death.step !== undefined
        await proven(snapshot, 'failed')
        expect(await told(), death.step).toEqual(['raised critical'])
      }
  })

  it('is not over with a differential that is taken on it, and is with one that is taken on another', async () => {
    const good = await full(10)
    const bad = await full(20)
    await proven(bad.snapshot, 'failed')
    await differential(bad.snapshot, 25)
    expect(await isOpen()).toBe(true)
    await differential(good.snapshot, 30)
    expect(await isOpen()).toBe(false)
  })
})

describe('what the newest state needs besides its newest full or differential', () => {
  it('counts: a full below a differential, and a log after it', async () => {
    const base = await full(10)
    await differential(base.snapshot, 20)
    await proven(base.snapshot, 'failed')
    expect(await isOpen()).toBe(true)
    await full(30)
    expect(await isOpen()).toBe(false)
    const { snapshot } = await log(30, 40)
    await proven(snapshot, 'failed')
    expect(await isOpen()).toBe(true)
  })

  it('keeps it open while one of two that were found unreadable has not been read', async () => {
    await full(10)
    const [one, two] = [await log(10, 20), await log(20, 30)]
    await proven(one.snapshot, 'failed')
    await proven(two.snapshot, 'failed')
    await proven(two.snapshot, 'passed')
    expect(await isOpen()).toBe(true)
    await proven(one.snapshot, 'passed')
    expect(await told()).toEqual(['raised critical', 'recovered info'])
  })
})

it('an older snapshot that nothing new needs is told of, once, and leaves nothing open', async () => {
  const old = await full(10)
  await full(20)
  await proven(old.snapshot, 'failed')
  await proven(old.snapshot, 'failed')
  expect(await told()).toEqual(['event critical'])
})
