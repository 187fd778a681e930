import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { run } from '../support/run.ts'
import { commit, enrolAgent, fullEntry, open, stage, type TestAgent, upload } from './agent.ts'
import { reach } from './reach.ts'
import { ok, type Reachable } from './support.ts'
import { isSigned, WebhookServer } from './webhook-server.ts'

/** The bundled watchdog under the role that the stack gives it, its topic, and the program that providers have. */

const hour = 3_600_000
let cloud: TestCloud
let receiver: Reachable
let agent: TestAgent
let server: WebhookServer
/** Of the cloud's clock. The provider's program signs with the real one, so it comes last. */
let behind = 60 * hour
const now = () => new Date(Date.now() - behind)
const first = now().toISOString().slice(0, 7)

beforeAll(async () => {
  cloud = await startTestCloud({ now, timer: false })
  receiver = await reach(cloud, now)
  agent = await enrolAgent(receiver, 'acme')
  server = await WebhookServer.start(now)
}, 120_000)
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await cloud?.close()
})

/** The hours go by with a pass every twenty minutes. */
async function elapse(hours: number): Promise<void> {
  for (let pass = 0; pass < 3 * hours; pass++) {
    behind -= hour / 3
    await cloud.fire('watchdog')
  }
}

async function provider(...args: string[]) {
  return run(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])
}

describe('the watchdog of the stack', () => {
  it('tells the topic and a signed webhook of a run that is late, and of its recovery', async () => {
    const { secret } = ok(await receiver.admin('POST', '/v1/admin/webhooks', { url: server.url }))
    await cloud.fire('watchdog')
    const schedule = { full: '0 * * * *' }
    const { source } = ok(await agent.call('PUT', '/v1/sources/shop', { engine: 'mysql', schedule }))
    await elapse(4)
    expect(kinds()).toEqual(['raised run-late', 'raised run-missed'])
    const staged = await stage(agent, await open(agent, source), [fullEntry('a', 1, now().toISOString())], {
      sealedAt: now(),
    })
    await upload(agent, staged)
    ok(await commit(agent, staged))
    await cloud.fire('watchdog')
    expect(kinds().slice(2, 4).sort()).toEqual(['recovered run-late', 'recovered run-missed'])
    for (const received of server.received) expect(isSigned(received, secret, received.at)).toBe(true)
    const outbox = await cloud.outbox()
    expect(outbox.map(({ attributes }) => JSON.parse(attributes.notice!).id).sort()).toEqual(server.ids().sort())
    expect(outbox.find(({ attributes }) => attributes.kind === 'run-late')).toMatchObject({
      subject: '[FailSafe] warning: run-late acme/shop',
      message: expect.stringContaining('The full backup of shop on db 1'),
      attributes: { state: 'raised', severity: 'warning', tenant: 'acme' },
    })
  }, 120_000)

  it('is asked with the provider’s program, which says what is overdue', async () => {
    behind = 0
    for (let n = 0; n < 3; n++) await cloud.fire('watchdog') // it stood still: hosts get the grace once more
    expect(JSON.parse((await provider('sources', '--overdue', '--json')).stdout).sources).toEqual([])
    const expected = await provider('expect', 'acme', '--every', '24h')
    expect([expected.code, expected.stdout]).toEqual([0, 'Expected of acme: a snapshot at least every 24 hours.\n'])
    const notices = await provider('notices', '--tenant', 'acme')
    expect(notices.stdout).toContain('Nothing is open.')
    expect(notices.stdout).toContain('run-missed')
    const added = await provider(
      'webhook',
      'add',
      server.url,
      '--tenant',
      'acme',
      '--kind',
      'run-late',
      'run-missed',
      '--json',
    )
    const { id, secret } = JSON.parse(added.stdout)
    expect((await provider('webhook', 'test', id)).stdout).toBe('The webhook took it.\n')
    expect(isSigned(server.received.at(-1)!, secret, new Date())).toBe(true)
    expect((await provider('webhook', 'list')).stdout).toMatch(new RegExp(`${id} .*acme +run-late,run-missed +works`))
    expect((await provider('webhook', 'remove', id)).code).toBe(0)
    const gone = await provider('webhook', 'test', id)
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining(`there is no webhook ${id}`)])
    const wrong = await provider('webhook', 'add', 'http://hooks.example.net/', '--kind', 'nonsense')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('run-late')])
    expect((await provider('audit', '--month', first)).stdout).toContain('webhook-changed')
  }, 120_000)
})

function kinds(): string[] {
  return server.received.map(({ notice }) => `${notice.state} ${notice.kind}`).filter(each => !each.includes('summary'))
}
