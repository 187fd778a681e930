import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { long } from '../support/counts.ts'
import { backUp, commit, enrolAgent, fullEntry, open, registerSource, stage, type TestAgent, upload } from './agent.ts'
import { Death } from './faults.ts'
import { bucket, ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
const at = new Date().toISOString()

beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver)
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const alive = () =>
  Object.assign(receiver.seams, { table: <T>(t: T) => t, vault: <T>(v: T) => v, intercept: undefined })

/** Commits as an agent does that asks again until it is told the end. */
async function untilCommitted(staged: Parameters<typeof commit>[1]) {
  for (let i = 0; i < 20; i++) {
    const answer = await commit(agent, staged)
    if (answer.status === 200) return answer.body
    expect(answer.status).toBe(202)
    receiver.clock.advance(5)
  }
  throw new Error('it never ended')
}

async function check(source: string, snapshot: string) {
  expect(ok(await agent.call('GET', `/v1/sources/${source}/heads`)).data.snapshot).toBe(snapshot)
  const { Versions = [] } = await receiver.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
  expect(Versions.filter(({ Key }) => Key!.includes(snapshot.replace('.', '/')))).toHaveLength(4)
  expect((await open(agent, source)).snapshot).not.toBe(snapshot) // the lane is free
}

/** The short tier dies before every other call and after the ones between. */
describe('a function that dies in the middle of a commit', () => {
  for (const when of ['before', 'after'] as const)
    it(`at any call to catalogue or vault (${when} it is done) is gone on with by asking again`, async () => {
      let died = 0
      for (let n = long || when === 'before' ? 1 : 2; ; n += long ? 1 : 2) {
        const source = await registerSource(agent, `${when} ${n}`)
        const staged = await stage(agent, await open(agent, source), [fullEntry('a', 10, at)])
        await upload(agent, staged)
        const death = new Death(n, when)
        Object.assign(receiver.seams, { table: death.table, vault: death.vault })
        const answer = await commit(agent, staged)
        alive()
        if (death.step === undefined) {
          expect(ok(answer).state).toBe('committed')
          for (const call of ['completeUpload', 'head', 'readRange', 'lock', 'putLocked', 'TransactWriteCommand'])
            expect(death.calls).toContain(call)
          expect(died).toBeGreaterThanOrEqual(Math.floor(death.calls.length / (long ? 1 : 2)))
          break
        }
        died += 1
        expect(answer.status, death.step).toBe(500)
        expect(answer.text).not.toContain('died at')
        const head = ok(await agent.call('GET', `/v1/sources/${source}/heads`)).data
        const { state, receivedAt } = await untilCommitted(staged)
        expect(state, death.step).toBe('committed')
        if (head) expect(head).toMatchObject({ snapshot: staged.snapshot, receivedAt }) // only the answer was lost
        await check(source, staged.snapshot)
      }
    }, 120_000)

  it('because S3 loses an answer is gone on with by the SDK itself', async () => {
    const source = await registerSource(agent, 'lost answer')
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 10, at)])
    await upload(agent, staged)
    const lost = new Set<string>()
    receiver.seams.intercept = request => {
      const kind = `${request.method} ${request.url!.replace(/=[^&]*/g, '')}`
      if (request.method === 'GET' || lost.size === lost.add(kind).size) return undefined
      return { kind: 'lose-answer' }
    }
    expect((await untilCommitted(staged)).state).toBe('committed')
    alive()
    expect(lost.size).toBeGreaterThan(5)
    await check(source, staged.snapshot)
  })

  it('and never comes back does not hold the source for ever: the next run takes over, and the old commit can still be finished', async () => {
    const source = await registerSource(agent, 'dead')
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 10, at)])
    await upload(agent, staged)
    const death = new Death(10, 'before')
    Object.assign(receiver.seams, { table: death.table, vault: death.vault })
    expect((await commit(agent, staged)).status).toBe(500)
    alive()
    expect((await agent.call('DELETE', `/v1/snapshots/${staged.snapshot}?lease=${staged.lease}`)).body).toMatchObject({
      code: 'snapshot-state',
      state: 'committing',
    })
    receiver.clock.advance(1)
    const next = await backUp(agent, source, 'full', [fullEntry('a', 20, at)])
    const { receivedAt } = await untilCommitted(staged)
    expect(Date.parse(receivedAt)).toBeLessThanOrEqual(Date.parse(next.receivedAt))
    expect(ok(await agent.call('GET', `/v1/sources/${source}/heads`)).data.snapshot).toBe(next.snapshot)
    const { snapshots } = ok(await agent.call('GET', `/v1/sources/${source}/timeline`))
    expect(snapshots.map((s: { snapshot: string }) => s.snapshot)).toEqual([next.snapshot, staged.snapshot])
    const { sources } = ok(await receiver.admin('GET', `/v1/admin/sources?tenant=${agent.tenant}`))
    expect(sources.find((each: { source: string }) => each.source === source)).toMatchObject({
      lastSnapshot: next.snapshot,
      lastReceivedAt: next.receivedAt,
    })
  })
})
