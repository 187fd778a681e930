import { limits, partSizeFor } from '../../lambdas/agent-api/part-size.ts'
import { newUlid } from '../../shared/ids.ts'
import { enrolAgent, fullEntry, logEntry, open, type TestAgent } from '../../test/receiver/agent.ts'
import { ok, requestOf } from '../../test/receiver/support.ts'
import { type Backup, backUp } from './backup.ts'
import { type CountedReceiver, startCountedReceiver } from './counted-receiver.ts'
import { minus, plus, type Requests } from './requests.ts'

const KiB = 1024
export const GiB = 1024 ** 3

/** What was counted; everything else is computed from it. */
export interface Measured {
  log: Requests
  /** A full of one part; one of two parts in one pack and one window; and what each further one costs. */
  smallest: Requests
  ofTwoParts: Requests
  pack: Requests
  window: Requests
  part: Requests
  /** Of the lease. */
  renewal: Requests
  /** A full of 1 GiB: what is computed for it must come to the same. */
  gib: Requests
  /** A restore of a full by a link, and of each log on it; each of one pack and one artefact. */
  restore: Requests
  restoredLog: Requests
}

/** Runs the receiver's code for each piece, and counts. */
export async function measure(): Promise<Measured> {
  const counted = await startCountedReceiver()
  try {
    return await measureWith(counted)
  } finally {
    await counted[Symbol.asyncDispose]()
  }
}

async function measureWith(counted: CountedReceiver): Promise<Measured> {
  const agent = await enrolAgent(counted.receiver)
  const partSize = partSizeFor(0)
  const { source } = ok(await agent.call('PUT', '/v1/sources/shop', { engine: 'mysql' }))
  const full = (packs: number[]) => counted.count(() => backUp(agent, source, fullOf(packs)))
  await full([KiB]) // a new source costs a little more, once
  const smallest = await full([KiB])
  const two = partSize + KiB
  const ofTwoParts = await full([two])
  const part = minus(await full([partSize + two]), ofTwoParts)
  const twoWindows = await full([limits.partsPerWindow * partSize + KiB])
  const window = minus(plus(twoWindows, part, 1 - limits.partsPerWindow), ofTwoParts)
  const twoPacks = await full([two, two])
  const gib = await full([GiB])
  const renewal = await renewed(counted, agent)
  await full([KiB])
  const alone = await restored(counted, agent)
  const log = await counted.count(() => backUp(agent, source, logOf()))
  const withLog = await restored(counted, agent)
  return {
    log,
    smallest,
    ofTwoParts,
    pack: minus(minus(plus(twoPacks, part, -2), ofTwoParts), window),
    window,
    part,
    renewal,
    gib,
    restore: alone,
    restoredLog: minus(withLog, alone),
  }
}

const [since, until] = [new Date(Date.now() - 1_800_000).toISOString(), new Date(Date.now() - 900_000).toISOString()]

function fullOf(packs: number[]): Backup {
  return { kind: 'full', unit: fullEntry('shop', 10, since), packs }
}

function logOf(): Backup {
  return { kind: 'log', unit: logEntry('shop', 10, 20, since, until), packs: [64 * KiB] }
}

async function sourceOf(agent: TestAgent): Promise<string> {
  return ok(await agent.call('GET', '/v1/sources')).sources[0].source
}

async function renewed({ count }: CountedReceiver, agent: TestAgent): Promise<Requests> {
  const { snapshot, lease } = await open(agent, await sourceOf(agent), 'full')
  const { token } = lease
  const renewal = await count(async () =>
    ok(await agent.call('POST', `/v1/snapshots/${snapshot}/renew`, { lease: token })),
  )
  ok(await agent.call('DELETE', `/v1/snapshots/${snapshot}?lease=${token}`))
  return renewal
}

/** The calls that `failsafe restore LINK` makes for the latest state; each snapshot's unit list, index and one artefact are fetched. */
async function restored({ receiver, count }: CountedReceiver, agent: TestAgent): Promise<Requests> {
  const source = await sourceOf(agent)
  const { url } = ok(await agent.call('POST', '/v1/links', { source, expiresSeconds: 600 }))
  const authorization = `Bearer ${url.slice(url.indexOf('#') + 1)}`
  const ask = async (method: string, target: string, body?: unknown) =>
    ok(await receiver.send(requestOf(method, target, body, { authorization })))
  return count(async () => {
    await ask('GET', '/v1/link')
    const { id, snapshots } = await ask('POST', '/v1/restore-manifests', { source, idempotencyKey: newUlid() })
    for (const { snapshot } of snapshots) {
      const { urls } = await ask('POST', `/v1/restore-manifests/${id}/urls`, { packs: [{ snapshot, pack: 1 }] })
      for (let i = 0; i < 3; i++) await (await fetch(urls[0].url, { headers: { range: 'bytes=0-99' } })).arrayBuffer()
    }
  })
}
