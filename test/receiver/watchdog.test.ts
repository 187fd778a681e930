import { afterEach, describe, expect, it } from 'vitest'
import { latestRuns } from '../../lambdas/catalogue/runs.ts'
import { createSource } from '../../lambdas/catalogue/sources.ts'
import { newUlid } from '../../shared/ids.ts'
import { times, within } from '../support/counts.ts'
import { backUp, enrolAgent, fullEntry, open, registerSource, type TestAgent } from './agent.ts'
import { ok } from './support.ts'
import { daily, Watched } from './watched.ts'

let watched: Watched
let agent: TestAgent
const start = async (now: string) => {
  watched = await Watched.start(now)
  agent = await enrolAgent(watched.receiver, 'acme')
}
afterEach(() => watched?.[Symbol.asyncDispose]())

const call = () => agent.call('GET', '/v1/sources')
const calls = (from: string, days: number) => daily(from, days).map(at => ({ at, happen: call }))
const commits = (source: string, kind: 'full' | 'log', moments: string[], bytes?: number) =>
  moments.map(at => ({ at, happen: () => watched.commits(agent, source, kind, bytes) }))
const run = (source: string, outcome: string) => {
  const startedAt = watched.receiver.clock.now.toISOString()
  const id = newUlid(watched.receiver.clock.now.getTime())
  return agent.call('POST', '/v1/runs', { source, run: id, outcome, requested: 'full', startedAt })
}

describe('a run that comes in time is not told of, over the night on which clocks', () => {
  it('go forward in Berlin', async () => {
    await start('2027-03-26T12:00Z')
    const source = await watched.source(agent, 'shop', { schedule: { full: '30 2 * * *' }, timeZone: 'Europe/Berlin' })
    const moments = ['2027-03-27T01:40Z', '2027-03-28T01:10Z', '2027-03-29T00:40Z']
    await watched.until('2027-03-30T00:30Z', [...commits(source, 'full', moments), ...calls('2027-03-27T00:00Z', 3)])
    expect(watched.told()).toEqual([])
  })

  it('go back in New York, and the second of the two moments is not waited for', async () => {
    await start('2026-10-30T12:00Z')
    const plan = { schedule: { full: '30 1 * * *' }, timeZone: 'America/New_York' }
    const source = await watched.source(agent, 'shop', plan)
    const moments = ['2026-10-31T05:40Z', '2026-11-01T05:40Z', '2026-11-02T06:40Z']
    await watched.until('2026-11-03T06:00Z', [...commits(source, 'full', moments), ...calls('2026-10-31T00:00Z', 4)])
    expect(watched.told()).toEqual([])
  })
})

describe('a run that does not come', () => {
  it('is late after half its interval and missed when the next is due, each told once, and recovers with a commit', async () => {
    await start('2027-01-10T12:00Z')
    const source = await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    await watched.until('2027-01-11T07:55Z', calls('2027-01-11T00:00Z', 1))
    expect(watched.told()).toEqual([])
    await watched.until('2027-01-11T08:05Z')
    expect(watched.told()).toEqual(['raised run-late full'])
    await watched.until('2027-01-15T12:00Z', calls('2027-01-12T00:00Z', 4))
    expect(watched.told()).toEqual(['raised run-late full', 'raised run-missed full'])
    expect(watched.published.map(({ text }) => text).join()).toContain('never came')
    const runs = await latestRuns(watched.receiver.ports.catalogue, source, 10)
    expect(runs.map(({ outcome, startedAt }) => [outcome, startedAt.slice(0, 16)])).toEqual([
      ['missed', '2027-01-14T02:00'],
      ['missed', '2027-01-13T02:00'],
      ['missed', '2027-01-12T02:00'],
      ['missed', '2027-01-11T02:00'],
    ])
    const { runs: shown } = ok(await agent.call('GET', `/v1/sources/${source}/timeline`))
    expect(shown.map(({ outcome }: { outcome: string }) => outcome)).toContain('missed')
    const overdue = async () => ok(await watched.receiver.admin('GET', '/v1/admin/sources?overdue=true')).sources
    expect(await overdue()).toMatchObject([
      {
        source,
        nextExpected: '2027-01-15T02:00:00.000Z',
        open: [
          { kind: 'run-late', mode: 'full', since: expect.any(String) },
          { kind: 'run-missed', mode: 'full', since: expect.any(String) },
        ],
      },
    ])
    watched.hush()
    await watched.commits(agent, source, 'full')
    await watched.until('2027-01-15T12:10Z')
    expect(await overdue()).toEqual([])
    expect(watched.told()).toEqual(['recovered run-late full', 'recovered run-missed full'])
    expect(watched.published.map(({ text }) => text).join()).toContain('4 days 10 h after')
    watched.hush()
    await watched.until('2027-01-16T12:00Z', calls('2027-01-16T00:00Z', 1))
    expect(watched.told()).toEqual(['raised run-late full'])
  })

  it('gets the jitter that its host asked for on top', async () => {
    await start('2027-01-10T12:00Z')
    await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' }, jitterSeconds: 7200 })
    await watched.until('2027-01-11T09:55Z')
    expect(watched.told()).toEqual([])
    await watched.until('2027-01-11T10:05Z')
    expect(watched.told()).toEqual(['raised run-late full'])
  })

  it('is told by mode: a full does for logs, a log not for a full', async () => {
    await start('2027-01-10T00:30Z')
    const source = await watched.source(agent, 'shop', { schedule: { full: '0 0 * * *', log: '0 */4 * * *' } })
    await watched.until('2027-01-11T07:00Z', [
      ...commits(source, 'log', ['2027-01-10T04:10Z', '2027-01-10T08:10Z', '2027-01-10T12:10Z', '2027-01-10T16:10Z']),
      ...commits(source, 'full', ['2027-01-10T20:10Z']), // a promoted log run
      ...commits(source, 'log', ['2027-01-11T00:10Z', '2027-01-11T04:10Z']),
      { at: '2027-01-11T00:00Z', happen: call },
    ])
    expect(watched.told()).toEqual(['raised run-late full'])
  })

  it('is excused while a run holds the lane, until the moment after the next', async () => {
    await start('2027-01-10T12:00Z')
    const source = await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    const { clock } = watched.receiver
    clock.now = new Date('2027-01-11T07:58Z')
    const opened = await open(agent, source, 'full')
    const renew = () => agent.call('POST', `/v1/snapshots/${opened.snapshot}/renew`, { lease: opened.lease.token })
    const renewals = (from: string, to: string) => {
      const events: { at: string; happen: () => Promise<unknown> }[] = []
      for (let at = Date.parse(from); at < Date.parse(to); at += 4 * 60_000)
        events.push({ at: new Date(at).toISOString(), happen: renew })
      return events
    }
    await watched.until('2027-01-11T10:00Z', renewals('2027-01-11T08:02Z', '2027-01-11T10:00Z'))
    expect(watched.told()).toEqual([])
    clock.now = new Date('2027-01-13T01:50Z')
    await renew()
    await watched.until('2027-01-13T02:10Z', renewals('2027-01-13T01:54Z', '2027-01-13T02:10Z'))
    expect(watched.told()).toEqual(['raised run-late full', 'raised run-missed full'])
  })

  it('is not told of for a suspended tenant, nor for a host that was revoked', async () => {
    await start('2027-01-10T12:00Z')
    await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    const other = await enrolAgent(watched.receiver, 'zeta')
    await watched.source(other, 'crm', { schedule: { full: '0 2 * * *' } })
    ok(await watched.receiver.admin('POST', '/v1/admin/tenants/acme/suspend', {}))
    ok(await watched.receiver.admin('POST', `/v1/admin/agents/${other.id}/revoke`, {}))
    await watched.until('2027-01-11T12:00Z')
    expect(watched.told(({ kind }) => kind !== 'agent-revoked' && kind !== 'daily-summary')).toEqual([])
    ok(await watched.receiver.admin('POST', '/v1/admin/tenants/acme/resume', {}))
    await watched.until('2027-01-12T12:00Z')
    expect(watched.told(({ kind }) => kind.startsWith('run-'))).toEqual(['raised run-late full'])
  })
})

describe('after the watchdog itself stood still', () => {
  it('hosts get the grace once more before they are late, and nobody is told twice', async () => {
    await start('2027-01-10T12:00Z')
    const dead = await watched.source(agent, 'dead', { schedule: { full: '0 2 * * *' } })
    const back = await watched.source(agent, 'back', { schedule: { full: '0 2 * * *' } })
    await watched.until('2027-01-10T13:00Z')
    const { clock } = watched.receiver
    clock.now = new Date('2027-01-14T12:00Z')
    await watched.pass()
    expect(watched.told()).toEqual([])
    await watched.until('2027-01-14T19:00Z', [
      ...commits(back, 'full', ['2027-01-14T14:00Z']),
      { at: '2027-01-14T13:00Z', happen: call },
    ])
    // all that dead missed is told at once, and once
    expect(watched.told()).toEqual(['raised run-late full'])
    await watched.until('2027-01-15T07:00Z', commits(back, 'full', ['2027-01-15T02:10Z']))
    expect(watched.told()).toEqual(['raised run-late full', 'raised run-missed full'])
    // what was missed in between is one record, and told once
    const missed = await latestRuns(watched.receiver.ports.catalogue, dead, 10)
    expect(missed.map(({ outcome, message }) => [outcome, message!.slice(0, 20)])).toEqual([
      ['missed', 'A full backup was ex'],
      ['missed', '3 runs of a full bac'],
    ])
    expect(await latestRuns(watched.receiver.ports.catalogue, back, 1)).toEqual([])
  })

  const count = times(500)

  it(
    `looks at ${count} sources in one pass, and tells of each once`,
    async () => {
      await start('2027-01-10T12:00Z')
      const sources: string[] = []
      const { ports, clock } = watched.receiver
      const createdAt = clock.now.toISOString()
      for (let i = 0; i < count; i++) {
        const source = newUlid(clock.now.getTime())
        const owner = { tenant: agent.tenant, agent: agent.id, engine: 'mysql' as const, createdAt }
        const plan = { schedule: { full: '0 2 * * *' }, scheduledAt: createdAt }
        await createSource(ports.catalogue, { source, name: `s${i}`, ...owner, ...plan })
        sources.push(source)
      }
      await watched.until('2027-01-10T12:10Z')
      await watched.until('2027-01-11T08:05Z', calls('2027-01-11T00:00Z', 1))
      const late = watched.published.filter(({ kind }) => kind === 'run-late')
      expect(new Set(late.map(({ subject }) => subject.id))).toEqual(new Set(sources))
      expect(late).toHaveLength(count)
    },
    within(60_000),
  )
})

describe('the least that the provider expects', () => {
  it('holds for a source without a schedule, and for one with a weaker one', async () => {
    await start('2027-01-10T12:00Z')
    const plain = await registerSource(agent, 'plain')
    const weekly = await watched.source(agent, 'weekly', { schedule: { full: '0 2 * * 0' } })
    const nightly = await watched.source(agent, 'nightly', { schedule: { full: '0 2 * * *' } })
    ok(await watched.receiver.admin('PUT', '/v1/admin/tenants/acme/expectation', { everyHours: 24 }))
    await watched.until('2027-01-11T18:55Z', [
      ...commits(plain, 'full', ['2027-01-10T13:00Z']),
      ...commits(nightly, 'full', ['2027-01-11T02:10Z']),
      ...calls('2027-01-11T00:00Z', 1),
    ])
    expect(
      watched.published.map(({ kind, subject }) => [kind, subject.id]).filter(([kind]) => kind === 'run-late'),
    ).toEqual([['run-late', weekly]])
    await watched.until('2027-01-11T19:10Z')
    expect(watched.published.filter(({ kind }) => kind === 'run-late').map(({ subject }) => subject.id)).toEqual([
      weekly,
      plain,
    ])
    expect(watched.published.at(-1)!.detail).toMatchObject({ mode: 'any' })
    watched.hush()
    const own = await watched.receiver.admin('PUT', `/v1/admin/tenants/acme/sources/${weekly}/expectation`, {
      everyHours: null,
    })
    ok(own)
    await watched.until('2027-01-11T19:20Z')
    expect(watched.told()).toEqual(['recovered run-late any'])
  })
})

describe('a schedule', () => {
  it('that is not valid is refused, and it is said why', async () => {
    await start('2027-01-10T12:00Z')
    const put = (body: object) => agent.call('PUT', '/v1/sources/shop', { engine: 'mysql', ...body })
    for (const [body, why] of [
      [{ schedule: { full: '61 2 * * *' } }, /minute/],
      [{ schedule: { full: '0 2 31 2 *' } }, /no such moment/],
      [{ schedule: { full: '0 2 * * *' }, timeZone: 'Mars/Phobos' }, /time zone/],
      [{ jitterSeconds: 6 * 3600 + 1 }, /jitter/],
    ] as const) {
      const answer = await put(body)
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request'])
      expect(answer.body.detail).toMatch(why)
    }
  })

  it('that a host weakens is told and audited, and the old one is expected once more', async () => {
    await start('2027-01-10T12:00Z')
    const source = await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    await watched.until('2027-01-10T13:00Z')
    expect(watched.told()).toEqual([])
    await watched.source(agent, 'shop', { schedule: {} })
    await watched.until('2027-01-10T14:00Z')
    expect(watched.told()).toEqual(['event schedule-weakened'])
    expect(watched.published[0]!.text).toContain('fewer full runs than before')
    const { entries } = ok(await watched.receiver.admin('GET', '/v1/admin/tenants/acme/audit?month=202701'))
    expect(entries.filter((entry: { action: string }) => entry.action === 'schedule-changed')).toHaveLength(2)
    await watched.until('2027-01-11T09:00Z', calls('2027-01-11T00:00Z', 1))
    expect(watched.told()).toEqual(['event schedule-weakened', 'raised run-late full'])
    await watched.commits(agent, source, 'full')
    await watched.until('2027-01-20T09:00Z')
    expect(watched.told().slice(2)).toEqual(['recovered run-late full'])
  })

  it('that a host makes stronger, or moves, is audited alone', async () => {
    await start('2027-01-10T12:00Z')
    await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    await watched.source(agent, 'shop', { schedule: { full: '0 5 * * *' }, timeZone: 'Asia/Kathmandu' })
    await watched.source(agent, 'shop', { schedule: { full: '0 5 * * *', log: '*/15 * * * *' } })
    await watched.until('2027-01-10T12:25Z')
    expect(watched.told()).toEqual([])
  })

  it('that promises less than the provider expects is told', async () => {
    await start('2027-01-10T12:00Z')
    ok(await watched.receiver.admin('PUT', '/v1/admin/tenants/acme/expectation', { everyHours: 24 }))
    await watched.source(agent, 'shop', { schedule: { full: '0 2 * * 0' } })
    await watched.until('2027-01-10T12:10Z')
    expect(watched.published.map(({ kind, text }) => [kind, text])).toEqual([
      ['schedule-weakened', expect.stringContaining('every 24 hours that you expect')],
    ])
  })
})

describe('what else is told of a source', () => {
  it('that its last three runs failed, until one succeeds; a run that failed is not one that was missed', async () => {
    await start('2027-01-10T12:00Z')
    const source = await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    const fails = daily('2027-01-11T02:10Z', 4).map(at => ({ at, happen: () => run(source, 'failed') }))
    await watched.until('2027-01-12T12:00Z', fails.slice(0, 2))
    expect(watched.told()).toEqual(['raised run-late full'])
    await watched.until('2027-01-14T12:00Z', fails.slice(2))
    expect(watched.told()).toEqual(['raised run-late full', 'raised run-failing'])
    watched.hush()
    await watched.commits(agent, source, 'full')
    await run(source, 'succeeded')
    await watched.until('2027-01-14T13:00Z')
    expect(watched.told()).toEqual(['recovered run-late full', 'recovered run-failing'])
  })

  it('that a full is of an odd size, until sizes are as before or the new one has held for seven', async () => {
    await start('2027-01-10T12:00Z')
    const source = await registerSource(agent, 'shop')
    const gb = 1e9
    const backUpAll = async (sizes: number[]) => {
      for (const size of sizes) {
        watched.receiver.clock.advance(3600)
        await watched.commits(agent, source, 'full', size)
        await watched.until(new Date(watched.receiver.clock.now.getTime() + 600_000).toISOString())
      }
    }
    await backUpAll([gb, gb, 1.1 * gb, gb, 2.9 * gb])
    expect(watched.told()).toEqual([])
    await backUpAll([0.1 * gb])
    expect(watched.told()).toEqual(['raised size-odd full'])
    expect(watched.published[0]!.text).toContain('100 MB, those before it about 1 GB')
    await backUpAll([0.1 * gb, gb])
    expect(watched.told()).toEqual(['raised size-odd full', 'recovered size-odd full'])
    watched.hush()
    await backUpAll(Array<number>(6).fill(9 * gb))
    expect(watched.told()).toEqual(['raised size-odd full'])
    await backUpAll([9 * gb])
    expect(watched.told()).toEqual(['raised size-odd full', 'recovered size-odd full'])
  })

  it('that its host is silent, and that it calls again', async () => {
    await start('2027-01-10T12:00Z')
    await watched.source(agent, 'shop', { schedule: { log: '0 */2 * * *' } })
    await watched.until('2027-01-11T11:55Z')
    expect(watched.told(({ kind }) => kind === 'agent-silent')).toEqual([])
    await watched.until('2027-01-12T13:05Z')
    expect(watched.told(({ kind }) => kind === 'agent-silent')).toEqual(['raised agent-silent'])
    await call()
    await watched.until('2027-01-12T13:15Z')
    expect(watched.told(({ kind }) => kind === 'agent-silent')).toEqual([
      'raised agent-silent',
      'recovered agent-silent',
    ])
  })

  it('of a host with a weekly schedule only after three weeks', async () => {
    await start('2027-01-10T12:00Z')
    await watched.source(agent, 'shop', { schedule: { full: '0 2 * * 0' } })
    await watched.until('2027-01-31T02:10Z')
    expect(watched.told(({ kind }) => kind === 'agent-silent')).toEqual([])
    await watched.until('2027-01-31T02:20Z')
    expect(watched.told(({ kind }) => kind === 'agent-silent')).toEqual(['raised agent-silent'])
  })
})

describe('with the real committer', () => {
  it('a commit makes its source due, a skewed clock is told, and a failed proof is told once', async () => {
    await start(new Date().toISOString())
    const { clock } = watched.receiver
    const source = await registerSource(agent, 'shop')
    await watched.pass()
    clock.advance(3600)
    const hourAgo = new Date().toISOString()
    const { snapshot, warnings } = await backUp(agent, source, 'full', [fullEntry('a', 1, hourAgo)])
    expect(warnings.join()).toContain('The clock of the host')
    await watched.pass()
    expect(watched.told()).toEqual(['raised clock-skew'])
    const proof = { method: 'verify', level: 'stored', outcome: 'failed', detail: 'pack 1 differs' }
    for (let i = 0; i < 2; i++) ok(await agent.call('POST', `/v1/snapshots/${snapshot}/proofs`, proof))
    await watched.pass()
    expect(watched.told()).toEqual(['raised clock-skew', 'raised proof-failed'])
  })
})

describe('the daily summary', () => {
  it('comes once a day for each tenant, over standstills and overlapping passes, and not for a suspended one', async () => {
    await start('2027-01-10T12:00Z')
    const source = await watched.source(agent, 'shop', { schedule: { full: '0 2 * * *' } })
    const other = await enrolAgent(watched.receiver, 'zeta')
    await registerSource(other, 'crm')
    ok(await watched.receiver.admin('POST', '/v1/admin/tenants/zeta/suspend', {}))
    await watched.until('2027-01-11T05:55Z', [
      ...commits(source, 'full', ['2027-01-11T02:10Z'], 5_000_000),
      { at: '2027-01-11T02:11Z', happen: () => run(source, 'succeeded') },
    ])
    watched.receiver.clock.now = new Date('2027-01-11T06:00Z')
    await Promise.all([watched.pass(), watched.pass(), watched.pass()])
    await watched.pass()
    const summaries = () => watched.published.filter(({ state }) => state === 'summary')
    expect(new Set(summaries().map(({ id }) => id)).size).toBe(1)
    expect(summaries()[0]).toMatchObject({
      tenant: 'acme',
      kind: 'daily-summary',
      detail: { sources: 1, protectedSources: 1, runs: { succeeded: 1 }, snapshots: 1, addedBytes: 5_000_000 },
    })
    expect(summaries()[0]!.text).toContain('Nothing is open.')
    watched.receiver.clock.now = new Date('2027-01-14T09:00Z')
    await watched.pass()
    expect(new Set(summaries().map(({ id }) => id)).size).toBe(2)
    expect(summaries().at(-1)!.detail).toMatchObject({
      from: '2027-01-11T06:00:00.000Z',
      to: '2027-01-14T06:00:00.000Z',
    })
  })

  it('stops counting a host that tells of more than can be read, so that it comes, and so does what waits behind it', async () => {
    await start('2027-01-10T12:00Z')
    const source = await registerSource(agent, 'shop')
    for (let i = 0; i < 10; i++) ok(await run(source, 'failed'))
    const { clock, ports } = watched.receiver
    clock.now = new Date('2027-01-11T06:00Z')
    const { catalogue } = ports
    const documents = new Proxy(catalogue.documents, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return async (command: { input: { ExpressionAttributeValues?: Record<string, unknown> } }) => {
          const from = command.input.ExpressionAttributeValues?.[':from']
          if (typeof from === 'string' && from.startsWith('R#')) clock.advance(60) // as if there were gigabytes of it
          return target.send(command as never)
        }
      },
    })
    await watched.pass({ ...catalogue, documents })
    const [summary] = watched.published.filter(({ state }) => state === 'summary')
    expect(summary).toMatchObject({ tenant: 'acme', detail: { sources: 1, runs: {}, partial: true } })
    expect(summary!.text).toContain('too much to count')
  })
})
