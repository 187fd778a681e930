import { describe, expect, it } from 'vitest'
import { times } from '../support/counts.ts'
import { type Asked, openCatalogue } from './catalogue.ts'
import type { Row } from './fill.ts'
import { minute, owner, type Plan, schedule, snapshotsOf, ulid } from './source.ts'

const now = new Date()
const day = 1440 * minute
const secret = 'a-secret-of-the-scale-test'
/** Of a function's answer; Lambda refuses at 6 MB. */
const answerLimit = 5_500_000
/** A function ends after 30 seconds; the stand-in and this machine are slower than Lambda's two services. */
const timeLimit = 20_000

const sourceId = (n: number) => ulid(now.getTime() - 400 * day, n)
const planned = (n: number, snapshots: Plan['snapshots'], units = ['a']): Plan => ({
  tenant: `t${n % 100}`,
  source: sourceId(n),
  units,
  snapshots,
})

function expectWithinLimits(...answers: Asked[]): void {
  for (const { status, bytes, milliseconds } of answers) {
    expect(status).toBe(200)
    expect(bytes).toBeLessThan(answerLimit)
    expect(milliseconds).toBeLessThan(timeLimit)
  }
}

describe('a catalogue of a million snapshots over ten thousand sources', () => {
  it('is read for a timeline and a restore manifest as if there were no other source in it', async () => {
    const sources = times(10_000)
    const each = times(1_000_000) / sources
    // hourly logs, and a full every sixth hour
    const snapshots = schedule(5, 360, 60).slice(0, each)
    const epoch = now.getTime() - 5 * day
    const asked = Math.floor(sources / 2)
    function* rows(count: number): Generator<Row> {
      const first = count === 1 ? asked : 0
      for (let n = first; n < first + count; n++) {
        const plan = planned(n, snapshots)
        if (n === asked) yield* owner(plan, secret, now)
        yield* snapshotsOf(plan, epoch, { content: n === asked })
      }
    }
    const answers = async (count: number) => {
      await using catalogue = await openCatalogue(rows(count), now)
      const source = sourceId(asked)
      const timeline = await catalogue.ask(secret, 'GET', `/v1/sources/${source}/timeline`)
      const latest = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source })
      const at = new Date(epoch + 30 * 60 * minute).toISOString()
      const moment = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source, at })
      const packs = [{ snapshot: moment.body.snapshots[0].snapshot, pack: 1 }]
      const urls = await catalogue.ask(secret, 'POST', `/v1/restore-manifests/${moment.body.id}/urls`, { packs })
      return { items: catalogue.items, all: [timeline, latest, moment, urls] }
    }
    const [one, many] = [await answers(1), await answers(sources)]
    expect(many.items).toBeGreaterThan(times(1_000_000))
    expectWithinLimits(...one.all, ...many.all)
    expect(many.all.map(({ asked }) => asked)).toEqual(one.all.map(({ asked }) => asked))
    expect(many.all.map(({ body }) => body.snapshots?.length)).toEqual(
      one.all.map(({ body }) => body.snapshots?.length),
    )
    const [timeline, latest, moment, urls] = many.all.map(({ asked }) => asked)
    // 100 snapshots of this source lie in the window; a page shows 50 of both lanes; the chains have 4 and 1 snapshots
    expect(timeline!.items).toBeLessThan(300)
    expect([latest!.items, moment!.items].every(items => items < 60)).toBe(true)
    expect(urls!.items).toBeLessThan(10)
  }, 600_000)
})

describe('one source', () => {
  it('of years of history is read for its last 35 days, and for the chain that a moment needs', async () => {
    const years = times(30) / 10 // 3 years, or some months
    const days = Math.ceil(years * 365)
    const plan = planned(1, schedule(days, 1440, 30))
    const epoch = now.getTime() - days * day
    function* rows() {
      yield* owner(plan, secret, now)
      yield* snapshotsOf(plan, epoch)
    }
    await using catalogue = await openCatalogue(rows(), now)
    const target = `/v1/sources/${plan.source}/timeline`
    const timeline = await catalogue.ask(secret, 'GET', target)
    const window = { from: new Date(now.getTime() - 35 * day).toISOString(), until: now.toISOString() }
    expect(timeline.body.window).toEqual(window)
    // 35 days of 48 snapshots, one day that leads into them, and at most a page of each lane more
    expect(timeline.asked.items).toBeLessThan(37 * 48 + 200)
    expect(timeline.asked.requests).toBeLessThan(30)
    const [{ ranges, gaps }] = timeline.body.units
    expect(ranges).toHaveLength(1)
    expect(gaps).toEqual([])
    expect(Date.parse(ranges[0].from)).toBeLessThan(now.getTime() - 35 * day)
    expect(Date.parse(ranges[0].to)).toBeGreaterThan(now.getTime() - 0.1 * day)

    const at = new Date(epoch + 10.4 * day).toISOString()
    const old = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source: plan.source, at })
    expect(old.body.snapshots).toHaveLength(21)
    expect(old.asked.items).toBeLessThan(200)
    const span = { from: new Date(epoch + 5.3 * day).toISOString(), until: new Date(epoch + 9.7 * day).toISOString() }
    const earlier = await catalogue.ask(secret, 'GET', `${target}?${new URLSearchParams(span)}`)
    expect(earlier.body.window).toEqual(span)
    expect(earlier.asked.items).toBeLessThan(6 * 48 + 200)
    const [{ ranges: then }] = earlier.body.units
    expect(then).toEqual([
      { from: new Date(epoch + 5 * day).toISOString(), to: new Date(epoch + 9.6875 * day).toISOString() },
    ])
    expect(earlier.body.snapshots[0].receivedAt <= span.until).toBe(true)
    expectWithinLimits(timeline, old, earlier)
    expect((await catalogue.ask(secret, 'GET', `${target}?from=${new Date(epoch).toISOString()}`)).status).toBe(
      days > 100 ? 400 : 200,
    )
  }, 300_000)

  it('with a chain of 10,000 logs is planned and paged within the limits of a function', async () => {
    const logs = 10_000
    const plan = planned(2, schedule((logs * 5) / 1440, Number.POSITIVE_INFINITY, 5))
    plan.snapshots = [
      { kind: 'full', minute: 0 },
      ...Array.from({ length: logs }, (_, i) => ({ kind: 'log' as const, minute: (i + 1) * 5 })),
    ]
    const epoch = now.getTime() - (logs + 1) * 5 * minute
    function* rows() {
      yield* owner(plan, secret, now)
      yield* snapshotsOf(plan, epoch)
    }
    await using catalogue = await openCatalogue(rows(), now)
    const timeline = await catalogue.ask(secret, 'GET', `/v1/sources/${plan.source}/timeline`)
    const [{ ranges }] = timeline.body.units
    expect(ranges).toHaveLength(1)
    const first = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source: plan.source })
    expectWithinLimits(timeline, first)
    const ids = new Set(first.body.snapshots.map(({ snapshot }: { snapshot: string }) => snapshot))
    for (let next = first.body.next; next !== null; ) {
      const page = await catalogue.ask(secret, 'GET', `/v1/restore-manifests/${first.body.id}?page=${next}`)
      expectWithinLimits(page)
      for (const { snapshot } of page.body.snapshots) ids.add(snapshot)
      next = page.body.next
    }
    expect(ids.size).toBe(logs + 1)
    const shown: string[] = []
    const question = `/v1/sources/${plan.source}/plan`
    for (let page = ''; ; ) {
      const answer = await catalogue.ask(secret, 'GET', question + page)
      expectWithinLimits(answer)
      expect(answer.bytes).toBeLessThan(3_000_000)
      for (const { snapshot } of answer.body.snapshots) shown.push(snapshot)
      if (answer.body.next === null) break
      page = `?page=${answer.body.next}`
    }
    expect(shown).toEqual([...ids])

    const packs = [...ids].slice(-64).map(snapshot => ({ snapshot, pack: 1 }))
    const urls = await catalogue.ask(secret, 'POST', `/v1/restore-manifests/${first.body.id}/urls`, { packs })
    expectWithinLimits(urls)
    expect(urls.asked.items).toBeLessThan(90)
  }, 300_000)

  it('with 100,000 artefacts in as many packs as a manifest may name is planned in one small answer', async () => {
    const packs = 400
    const plan = { ...planned(3, [{ kind: 'full', minute: 0 }]), artefacts: 100_000, packs }
    function* rows() {
      yield* owner(plan, secret, now)
      yield* snapshotsOf(plan, now.getTime() - day)
    }
    await using catalogue = await openCatalogue(rows(), now)
    const answer = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source: plan.source })
    const [{ snapshot, manifest }] = answer.body.snapshots
    expect(manifest.length).toBeLessThan(64 * 1024)
    expect(answer.asked.items).toBeLessThan(20)
    expect(answer.bytes).toBeLessThan(100_000)
    expectWithinLimits(answer, await catalogue.ask(secret, 'GET', `/v1/sources/${plan.source}/timeline`))
    for (let pack = 1; pack <= packs; pack += 64) {
      const wanted = Array.from({ length: Math.min(64, packs - pack + 1) }, (_, i) => ({ snapshot, pack: pack + i }))
      expectWithinLimits(
        await catalogue.ask(secret, 'POST', `/v1/restore-manifests/${answer.body.id}/urls`, { packs: wanted }),
      )
    }
  })

  it('of 10,000 units is shown page by page, and planned for all of them or for one', async () => {
    const units = Array.from({ length: 10_000 }, (_, i) => `database ${String(i).padStart(5, '0')}`)
    const plan = planned(4, schedule(4, 1440, 480), units)
    function* rows() {
      yield* owner(plan, secret, now)
      yield* snapshotsOf(plan, now.getTime() - 4 * day)
    }
    await using catalogue = await openCatalogue(rows(), now)
    const target = `/v1/sources/${plan.source}/timeline`
    const first = await catalogue.ask(secret, 'GET', target)
    expectWithinLimits(first)
    expect(first.body.snapshots[0]).toMatchObject({ unitCount: 10_000 })
    const seen = first.body.units.map(({ unit }: { unit: string }) => unit)
    for (let after = first.body.nextUnit; after !== null; ) {
      const query = new URLSearchParams({ ...first.body.window, afterUnit: after })
      const page = await catalogue.ask(secret, 'GET', `${target}?${query}`)
      expectWithinLimits(page)
      expect(page.body.snapshots).toEqual([])
      seen.push(...page.body.units.map(({ unit }: { unit: string }) => unit))
      after = page.body.nextUnit
    }
    expect(seen).toEqual(units)
    const one = await catalogue.ask(secret, 'GET', `${target}?unit=${encodeURIComponent(units[77]!)}`)
    expect(one.body.units.map(({ unit }: { unit: string }) => unit)).toEqual([units[77]])
    expect(one.body.snapshots).toHaveLength(plan.snapshots.length)
    const all = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source: plan.source })
    const few = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', {
      source: plan.source,
      units: [units[77]],
    })
    expectWithinLimits(one, all, few)
    expect(few.body.snapshots).toEqual(all.body.snapshots)
  }, 300_000)

  it('with longer unit lists than one answer can be worked out from shows a shorter window, and says which', async () => {
    const units = Array.from({ length: 10_000 }, (_, i) => `database ${String(i).padStart(5, '0')}`)
    const plan = planned(6, schedule(30, 1440, 1440), units)
    const epoch = now.getTime() - 30 * day
    function* rows() {
      yield* owner(plan, secret, now)
      yield* snapshotsOf(plan, epoch)
    }
    await using catalogue = await openCatalogue(rows(), now)
    const answer = await catalogue.ask(secret, 'GET', `/v1/sources/${plan.source}/timeline`)
    expectWithinLimits(answer)
    const from = Date.parse(answer.body.window.from)
    expect(from).toBeGreaterThan(epoch + 10 * day)
    expect(from).toBeLessThan(now.getTime() - 5 * day)
    const [{ ranges }] = answer.body.units
    // a moment for each full in the window, and for the one that leads into it
    expect(Date.parse(ranges[0].from)).toBe(from - day)
    expect(Date.parse(ranges.at(-1).to)).toBe(epoch + 29 * day)
    expect(ranges).toHaveLength((epoch + 29 * day - from) / day + 2)
  }, 120_000)

  it('in which a thief of its key marked everything as bad is restored all the same, and says so', async () => {
    const plan = { ...planned(5, schedule(times(1500), 1440, 720)), bad: true }
    const epoch = now.getTime() - plan.snapshots.at(-1)!.minute * minute - minute
    function* rows() {
      yield* owner(plan, secret, now)
      yield* snapshotsOf(plan, epoch)
    }
    await using catalogue = await openCatalogue(rows(), now)
    const latest = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source: plan.source })
    const ids = latest.body.snapshots.map(({ snapshot }: { snapshot: string }) => snapshot)
    expect(ids).toHaveLength(2)
    expect(latest.body.doubtful).toEqual(ids)
    const at = new Date(epoch + 20.2 * day).toISOString()
    const old = await catalogue.ask(secret, 'POST', '/v1/restore-manifests', { source: plan.source, at })
    expect(old.body.doubtful).toHaveLength(2)
    expectWithinLimits(latest, old)
  }, 300_000)
})
