import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findCondition } from '../../lambdas/catalogue/notices.ts'
import { findTenantStored } from '../../lambdas/catalogue/stored.ts'
import { commit, enrolAgent, open, registerSource, stage, type TestAgent, upload } from './agent.ts'
import { Death } from './faults.ts'
import {
  clean,
  day,
  HonestHost,
  startReceiverInTime,
  stateOf,
  stopReceiverInTime,
  versionsOf,
} from './janitor-support.ts'
import { bucket, ok, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent

beforeAll(async () => {
  receiver = await startReceiverInTime('2026-11-02T08:00:00Z')
  agent = await enrolAgent(receiver)
})
afterAll(() => stopReceiverInTime(receiver))

const now = () => receiver.clock.now
const minutes = (n: number) => receiver.clock.advance(n * 60)
const days = (n: number) => receiver.clock.advance(n * day)

async function staged(name: string, size?: number) {
  const host = new HonestHost(receiver.clock)
  const source = await registerSource(agent, name)
  const staged = await stage(agent, await open(agent, source), [host.full(now())], size === undefined ? {} : { size })
  await upload(agent, staged)
  return { source, ...staged }
}

async function dieIn(begun: Parameters<typeof commit>[1], call: number) {
  const death = new Death(call, 'before')
  Object.assign(receiver.seams, { table: death.table, vault: death.vault })
  expect((await commit(agent, begun)).status).toBe(500)
  Object.assign(receiver.seams, { table: <T>(t: T) => t, vault: <T>(v: T) => v })
  receiver.logged.failures.length = 0
}

describe('what was left lying', () => {
  it.each([9, 12, 14, 16, 18])(
    'a commit that could not go on (from its call %i) for longer than its lock lasts is finished all the same',
    async call => {
      const begun = await staged(`late ${call}`)
      await dieIn(begun, call)
      expect(await stateOf(receiver, begun.snapshot)).toBe('committing')
      days(6)
      await clean(receiver)
      expect(receiver.logged.failures).toEqual([])
      expect(await stateOf(receiver, begun.snapshot)).toBe('committed')
      expect(await versionsOf(receiver, begun.snapshot)).toHaveLength(4)
    },
  )

  it('what a source uploads that never commits anything counts against the quota only as long as it is there', async () => {
    ok(
      await receiver.admin('PUT', `/v1/admin/tenants/${agent.tenant}/quota`, {
        softBytes: null,
        hardBytes: 1e9,
        dailyDownloadBytes: null,
      }),
    )
    const before = (await findTenantStored(receiver.ports.catalogue, agent.tenant)).used
    const begun = await staged('never', 300_000)
    ok(await agent.call('DELETE', `/v1/snapshots/${begun.snapshot}?lease=${begun.lease}`))
    const { used } = await findTenantStored(receiver.ports.catalogue, agent.tenant)
    expect(used - before).toBeGreaterThan(300_000)
    for (let i = 0; i < 3; i++) {
      minutes(24 * 60)
      await clean(receiver)
    }
    expect((await findTenantStored(receiver.ports.catalogue, agent.tenant)).used).toBeLessThan(used - 299_000)
  })

  it('a commit that was stuck and then refused is no longer told as stuck', async () => {
    const begun = await staged('refused')
    await dieIn(begun, 9)
    receiver.seams.intercept = request =>
      request.method === 'HEAD' ? { kind: 'error', status: 400, code: 'InvalidRequest' } : undefined
    minutes(72)
    await clean(receiver)
    const stuck = () => findCondition(receiver.ports.catalogue, agent.tenant, 'commit-stuck', begun.source)
    expect(await stuck()).toMatchObject({ recoveredAt: null })
    receiver.seams.intercept = undefined
    receiver.logged.failures.length = 0
    for (const { key, versionId } of await versionsOf(receiver, begun.snapshot))
      await receiver.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
    for (let i = 0; i < 3; i++) {
      minutes(24 * 60)
      await clean(receiver)
    }
    expect(await stateOf(receiver, begun.snapshot)).toBe('abandoned')
    expect(await stuck()).toMatchObject({ recoveredAt: expect.any(String) })
  })
})
