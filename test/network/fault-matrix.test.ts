import dns from 'node:dns'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { fingerprintOf } from '../../shared/jws.ts'
import type { BackupResult } from '../../uploader/backup/backup.ts'
import { runBackup } from '../../uploader/backup/run-backup.ts'
import { Network } from '../../uploader/network/network.ts'
import { byProof } from '../../uploader/receiver/authorisation.ts'
import { HttpReceiver } from '../../uploader/receiver/http.ts'
import { verifySnapshot } from '../../uploader/restore/verify.ts'
import type { AgentState } from '../../uploader/state/agent.ts'
import { newPutPart } from '../../uploader/transfer/put-part.ts'
import { FakeEngine } from '../backup/engine.ts'
import { enrolAgent } from '../receiver/agent.ts'
import { reach } from '../receiver/reach.ts'
import { newReading, silentReporter } from '../restore/support.ts'
import { newIdentity } from '../sealed/support.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { long } from '../support/counts.ts'
import { direct } from '../support/network.ts'
import { noiseOf } from '../support/noise.ts'
import { temporaryDirectory } from '../uploader/directory.ts'
import { type Call, calls, type Fault, faults, type Plan, startFaultyProxy } from './faulty-proxy.ts'

/*
 * Every fault of the network at every call of a run and at the PUT of a part, through a proxy that proves that it fired: once, three times, and without
 * end. A run ends with a snapshot that is committed once and whole, or with an error that says what to do, and with the source released; the next run on a
 * sound network clears up. Real calls to an embedded cloud; only waits are shorter than outside.
 */
const every = Object.keys(faults) as Fault[]
const MiB = 1024 * 1024
/** Milliseconds for one answer, and for one silence of the storage. */
const [answerTime, silence] = [2500, 1000]
/** No run may take longer (milliseconds), the courtesies at its end included. */
const bound = 60_000

let cloud: TestCloud
let identity: Awaited<ReturnType<typeof newIdentity>>
const agents: AgentState[] = []
const proxies = new Map<string, Awaited<ReturnType<typeof startFaultyProxy>>>()

beforeAll(async () => {
  cloud = await startTestCloud()
  identity = await newIdentity()
  const receiver = await reach(cloud)
  // An agent may make 1,200 requests in a minute.
  for (let n = 0; n < (long ? 40 : 15); n++) {
    const { id, tenant, key } = await enrolAgent(receiver)
    const { recipient } = identity
    agents.push({
      format: 'failsafe.agent/1',
      receiver: { url: cloud.url, id: receiver.id },
      tenant,
      agent: id,
      name: 'host',
      key,
      customerKey: null,
      certificate: null,
      recipients: [recipient],
      succession: [],
    })
  }
  const lookup = dns.lookup as (...parameters: unknown[]) => void
  vi.spyOn(dns, 'lookup').mockImplementation(((...parameters: unknown[]) => {
    const [name, options, done] = parameters as [string, dns.LookupAllOptions, (...answer: unknown[]) => void]
    const proxy = proxies.get(name)
    if (!proxy) return lookup(...parameters)
    if (proxy.resolves())
      return process.nextTick(done, null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4)
    process.nextTick(
      done,
      Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
    )
  }) as never)
})
afterAll(async () => {
  vi.restoreAllMocks()
  await cloud?.close()
})

let sources = 0

/** A host with a source of its own, behind a proxy with these faults. */
async function newHost(plans: Plan[]) {
  const proxy = await startFaultyProxy(plans)
  proxies.set(proxy.name, proxy)
  const directory = await temporaryDirectory()
  const agent = agents[sources % agents.length]!
  const source = `source ${++sources}`
  const run = async (
    network: Network,
    patience: number,
    engine: FakeEngine,
    now = () => new Date(),
  ): Promise<BackupResult> => {
    const connections = network.connections(8)
    const { signal } = new AbortController()
    const authorise = byProof(agent.key, agent.agent, agent.receiver.id)
    const receiver = new HttpReceiver({
      url: cloud.url,
      authorise,
      connections,
      signal,
      now,
      patience,
      timeout: answerTime,
    })
    try {
      // One that has never answered is waited for only 5 seconds, which a busy machine may need.
      if (!plans.some(isFirstContact)) await receiver.sources().catch(() => receiver.sources())
      return await runBackup({
        source,
        engine,
        settings: {},
        mode: 'full',
        receiver,
        agent,
        staging: { dir: directory.in('staging'), maxBytes: 128 * MiB },
        upload: { concurrency: 2 },
        put: newPutPart(connections, { timeout: silence }),
        patience,
        readers: 2,
        uploader: 'failsafe test',
        reporter: silentReporter(),
        signal,
        now,
        // Pauses, and the time between two renewals of a lease.
        sleep: (milliseconds, stop) => sleep(Math.min(milliseconds, 1000), undefined, { signal: stop }),
      })
    } finally {
      connections.close()
    }
  }
  return {
    call: plans.at(-1)!.call,
    agent,
    source,
    proxy,
    run,
    through: new Network(() => ({ url: proxy.url, name: proxy.url })),
    async [Symbol.asyncDispose]() {
      proxy.close()
      proxies.delete(proxy.name)
      await directory[Symbol.asyncDispose]()
    },
  }
}
type Host = Awaited<ReturnType<typeof newHost>>

/** An application of some files that is backed up with a warning, so that the run has a note to record. It waits for what the plan wants to meet. */
function application(host: Host, awaited: Call | undefined): FakeEngine {
  const engine = new FakeEngine(
    ['a', 'b', 'c'].map((name, order) => ({
      name,
      order,
      async *read() {
        // A pack of a single part is left to the commit.
        yield* noiseOf(name === 'a' && host.call === 'complete' ? 20 * MiB : 400_000, name)
        if (name === 'c' && awaited)
          for (const end = performance.now() + 20_000; !host.proxy.seen[awaited] && performance.now() < end; )
            await sleep(20, undefined, { signal: engine.context!.signal })
      },
    })),
  )
  const begin = engine.begin.bind(engine)
  engine.begin = async (settings, plan, context) => {
    context.warn('test', 'Something to note')
    return begin(settings, plan, context)
  }
  return engine
}

/** Calls whose faults can reach what is stored; after any other the receiver's own look at the packs is enough in the short tier. */
const reachVault = new Set<Call>(['put', 'packParts', 'complete', 'commit'])

/** The committed snapshots of a source, each read and opened whole where a fault may have reached it. */
async function committedWhole({ agent, source, call }: Host): Promise<string[]> {
  const receiver = new HttpReceiver({
    url: cloud.url,
    authorise: byProof(agent.key, agent.agent, agent.receiver.id),
    connections: direct.connections(4),
    signal: new AbortController().signal,
    now: () => new Date(),
    patience: 20_000,
  })
  const found = (await receiver.sources()).sources.find(({ name }) => name === source)
  if (!found) return []
  const { snapshots } = await receiver.timeline(found.source)
  for (const { snapshot } of long || reachVault.has(call) ? snapshots : []) {
    const result = await verifySnapshot({
      receiver,
      source: found.source,
      snapshot,
      identities: [identity.identity],
      trust: { customerKeys: [], fingerprints: new Set([await fingerprintOf(agent.key)]) },
      concurrency: 2,
      reporter: silentReporter(),
      reading: newReading(),
      platform: 'linux',
    })
    expect(result).toMatchObject({ level: 'opened', artefacts: 3 })
  }
  return snapshots.map(({ snapshot }) => snapshot)
}

function expectClear(error: unknown): void {
  expect(error).toBeInstanceOf(Failure)
  const { code, why, fix } = error as Failure
  expect([code, why, fix]).toEqual([expect.any(String), expect.any(String), expect.any(String)])
  expect(code).not.toBe('backup-failed')
}

function plansOf(call: Call, fault: Fault, times: number): Plan[] {
  const plan = { call, fault, times }
  // The storage is asked what it has only after an answer was lost.
  return call === 'packParts' ? [{ call: 'put', fault: 'reset before the answer', times: 1 }, plan] : [plan]
}

/** Nothing has ever answered: it is the wrong address, or the wrong proxy, and no outage. */
function isFirstContact({ call, fault }: Pick<Plan, 'call' | 'fault'>): boolean {
  return call === 'register' && (fault === '407' || fault === 'the page of a portal')
}

/** The faults that no other try can tell from an answer that counts. */
function isFinal(call: Call, fault: Fault): boolean {
  if (call === 'put' || call === 'recordRun') return false
  if (fault === '403 expired') return true
  return isFirstContact({ call, fault })
}

const cases = calls.flatMap((call, i) => every.map((fault, j) => ({ call, fault, turn: i * every.length + j })))
const losesAnswer = new Set<Fault>([
  'reset before the answer',
  'a truncated answer',
  'a connection that is half open',
  'a slow drip of an answer',
])
/** In the short tier one in so many, with every call and every fault among them. */
const some = (oneIn: number) => (long ? cases : cases.filter(({ turn }) => turn % oneIn === 0))

async function meet(call: Call, fault: Fault, times: number, patience: number) {
  const host = await newHost(plansOf(call, fault, times))
  const engine = application(host, call === 'renew' ? 'renew' : undefined)
  const started = performance.now()
  const outcome = await host.run(host.through, patience, engine).then(
    result => ({ result, error: undefined }),
    error => ({ result: undefined, error }),
  )
  expect(performance.now() - started, 'it took too long').toBeLessThan(bound)
  expect(host.proxy.fired.at(-1), 'the fault did not fire').toBeGreaterThan(0)
  expect(engine.notes.filter(note => note.startsWith('close')).length).toBe(engine.notes.includes('begin') ? 1 : 0)
  return { host, engine, ...outcome }
}

/** After a run that failed another one, on a sound network, finds out what became of it, and succeeds. */
async function expectCleared(host: Host): Promise<void> {
  const before = await committedWhole(host)
  expect(before.length).toBeLessThanOrEqual(1)
  const { snapshot } = await host.run(direct, 20_000, application(host, undefined))
  const after = await committedWhole(host)
  expect(after[0]).toBe(snapshot)
  expect(after.length).toBeLessThanOrEqual(2)
  expect(after.slice(after.length - before.length)).toEqual(before)
}

const options = { timeout: 3 * bound }

test('the clock of the host is set by hours, ahead and back, while a run is under way', options, async () => {
  await using host = await newHost([{ call: 'renew', fault: 'reset before the request', times: 1 }])
  let step = 0
  const steps = [0, 3, -5, 0, 700]
  const now = () => new Date(Date.now() + steps[step]! * 3_600_000)
  const engine = application(host, undefined)
  for (const content of engine.contents) {
    const { read } = content
    content.read = async function* () {
      step = Math.min(step + 1, steps.length - 1)
      yield* read()
      // Until the lease was renewed by this clock.
      const before = host.proxy.seen.renew ?? 0
      for (
        const end = performance.now() + 20_000;
        (host.proxy.seen.renew ?? 0) < before + 2 && performance.now() < end;
      )
        await sleep(20, undefined, { signal: engine.context!.signal })
    }
  }
  const { snapshot } = await host.run(host.through, 20_000, engine, now)
  expect(step).toBe(3)
  expect(await committedWhole(host)).toEqual([snapshot])
})

describe.concurrent('met once', options, () => {
  test.for(some(2))('$call: $fault', async ({ call, fault }, { expect }) => {
    const met = await meet(call, fault, 1, 20_000)
    await using host = met.host
    expect(host.proxy.fired.at(-1)).toBe(1)
    if (isFinal(call, fault)) {
      expectClear(met.error)
      expect(await committedWhole(host)).toEqual([])
      await expectCleared(host)
      return
    }
    expect(met.error).toBeUndefined()
    expect(met.engine.notes.at(-1)).toBe('close succeeded')
    expect(await committedWhole(host)).toEqual([met.result!.snapshot])
  })
})

describe.concurrent('met three times', options, () => {
  test.for(some(7).filter(({ call, fault }) => !isFinal(call, fault)))(
    '$call: $fault',
    async ({ call, fault }, { expect }) => {
      const met = await meet(call, fault, 3, 30_000)
      await using host = met.host
      expect(met.error).toBeUndefined()
      expect(await committedWhole(host)).toEqual([met.result!.snapshot])
    },
  )
})

describe.concurrent('met without end', options, () => {
  test.for(some(7))('$call: $fault', async ({ call, fault }, { expect }) => {
    const met = await meet(call, fault, Number.POSITIVE_INFINITY, 4000)
    await using host = met.host
    if (met.error) expectClear(met.error)
    else
      expect(
        fault === 'reset after the answer' ||
          ['recordRun', 'renew', 'packParts'].includes(call) ||
          // The storage has the part, and its list says so.
          (call === 'put' && losesAnswer.has(fault)),
      ).toBe(true)
    if (met.error) await expectCleared(host)
    else expect(await committedWhole(host)).toEqual([met.result!.snapshot])
  })
})
