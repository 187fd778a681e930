import { afterAll, beforeAll, expect, it } from 'vitest'
import { newUlid } from '../../shared/ids.ts'
import { enrolAgent, fullEntry, type Opened, putPart, registerSource, stage, windowOf } from './agent.ts'
import { ok, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
const at = new Date().toISOString()

beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

it('a tenant whose hosts all finish at once has 200 snapshots committed without a retry that any agent sees', async () => {
  const first = await enrolAgent(receiver)
  const agents = [first, ...(await Promise.all([2, 3, 4, 5].map(() => enrolAgent(receiver, first.tenant))))]
  const staged = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      const agent = agents[n % agents.length]!
      const source = await registerSource(agent, newUlid())
      const request = { source, lane: 'data', kind: 'full', run: newUlid(), expectedBytes: 1000 }
      const opened = ok(await agent.call('POST', '/v1/snapshots', request)) as Opened
      const snapshot = await stage(agent, { run: request.run, kind: 'full', ...opened }, [fullEntry('a', 10, at)])
      return { agent, source, snapshot }
    }),
  )
  const all = <T>(work: (each: (typeof staged)[number]) => Promise<T>) => Promise.all(staged.map(work))
  await all(async ({ agent, snapshot: { snapshot, lease, parts } }) => {
    const { urls } = ok(await agent.call('POST', `/v1/snapshots/${snapshot}/parts`, { lease, parts: windowOf(parts) }))
    expect((await putPart(urls[0].url, urls[0].headers, parts[0]!)).status).toBe(200)
  })
  const answers = await all(({ agent, snapshot: { snapshot, lease, jws } }) =>
    agent.call('POST', `/v1/snapshots/${snapshot}/commit`, { lease, manifest: jws }),
  )
  expect(answers.filter(({ status, body }) => status !== 200 || body.state !== 'committed')).toEqual([])
  const heads = await all(({ agent, source }) => agent.call('GET', `/v1/sources/${source}/heads`))
  expect(heads.map(answer => ok(answer).data.snapshot)).toEqual(staged.map(({ snapshot }) => snapshot.snapshot))
}, 300_000)
