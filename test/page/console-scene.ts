import { ConsoleResponse } from '../../shared/api/console.ts'
import { newUlid } from '../../shared/ids.ts'
import { commit, enrolAgent, fullEntry, open, stage, type TestAgent, upload } from '../receiver/agent.ts'
import { reach } from '../receiver/reach.ts'
import { ok, type Reachable } from '../receiver/support.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'

const hour = 3_600_000

export interface ConsoleScene extends AsyncDisposable {
  cloud: TestCloud
  receiver: Reachable
  /** A new session. @returns the address of the page, with its secret */
  open(expiresSeconds?: number): Promise<string>
  /** Nearly two days go by: the host of `crm` is not heard of, the runs of `books` fail, and only `shop` is backed up as it should be. */
  worsen(): Promise<void>
}

/** A receiver of a provider, whose clock is nearly two days behind until `worsen`. Two customers with three sources, all of which are safe. */
export async function newConsoleScene(): Promise<ConsoleScene> {
  let behind = 44 * hour
  const now = () => new Date(Date.now() - behind)
  const cloud = await startTestCloud({ now })
  const receiver = await reach(cloud, now)
  await cloud.fire('watchdog')
  ok(await receiver.admin('POST', '/v1/admin/tenants', { tenant: 'acme', name: 'Acme Ltd' }))
  ok(await receiver.admin('POST', '/v1/admin/tenants', { tenant: 'zeta', name: 'Zeta Verlag' }))
  const shop = await hostOf('acme', 'shop', '0 2 * * *')
  await hostOf('acme', 'crm', '0 * * * *')
  const books = await hostOf('zeta', 'books', '0 2 1 1 *')
  await cloud.fire('watchdog')

  return {
    cloud,
    receiver,
    async open(expiresSeconds = 3600) {
      const made = ok(await receiver.admin('POST', '/v1/admin/consoles', { expiresSeconds }))
      return ConsoleResponse.parse(made).url
    },
    async worsen() {
      for (; behind > 0; behind -= hour / 3) await cloud.fire('watchdog')
      behind = 0
      await backUp(shop)
      for (let n = 0; n < 3; n++) {
        const run = {
          run: newUlid(now().getTime()),
          outcome: 'failed',
          requested: 'full',
          startedAt: now().toISOString(),
        }
        ok(await books.agent.call('POST', '/v1/runs', { source: books.source, ...run }))
      }
      await cloud.fire('watchdog')
      await cloud.fire('janitor')
    },
    [Symbol.asyncDispose]: () => cloud.close(),
  }

  interface Protected {
    agent: TestAgent
    source: string
  }

  /** A host with one source that is backed up. */
  async function hostOf(tenant: string, name: string, full: string): Promise<Protected> {
    const agent = await enrolAgent(receiver, tenant)
    const { source } = ok(await agent.call('PUT', `/v1/sources/${name}`, { engine: 'mysql', schedule: { full } }))
    await backUp({ agent, source })
    return { agent, source }
  }

  async function backUp({ agent, source }: Protected): Promise<void> {
    const units = [fullEntry('a', 1, now().toISOString())]
    const staged = await stage(agent, await open(agent, source), units, { sealedAt: now() })
    await upload(agent, staged)
    ok(await commit(agent, staged))
  }
}
