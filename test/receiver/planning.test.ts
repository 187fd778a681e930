import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { snapshotKey } from '../../lambdas/catalogue/keys.ts'
import { put, type Table } from '../../lambdas/catalogue/table.ts'
import { planFrom } from '../../lambdas/restore-api/plan.ts'
import { unitsPage } from '../../lambdas/restore-api/units-page.ts'
import { windowHistory } from '../../lambdas/restore-api/window-history.ts'
import { newUlid } from '../../shared/ids.ts'
import { type Moment, planRestore } from '../../shared/planner/plan.ts'
import { timelineOf } from '../../shared/planner/timeline.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { CommittedSnapshot } from '../../shared/snapshot.ts'
import { seed, times } from '../support/counts.ts'
import { Events, historyOf, minute, minuteOf } from '../unit/planner-model.ts'
import { startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

/** Puts a generated history into the catalogue, as snapshots of a source of its own that were opened when they were received. */
async function keep(
  table: Table,
  history: CommittedSnapshot[],
): Promise<{ source: string; snapshots: CommittedSnapshot[] }> {
  const source = newUlid()
  const renamed = new Map(
    history.map(({ snapshot, receivedAt }) => [snapshot, `${source}.${newUlid(Date.parse(receivedAt))}`]),
  )
  const snapshots = history.map(entry => ({
    ...entry,
    snapshot: renamed.get(entry.snapshot)!,
    units: entry.units.map(unit => ({ ...unit, base: unit.base && (renamed.get(unit.base) ?? unit.base) })),
  }))
  const puts = snapshots.map(({ units, ...snapshot }) =>
    put(table, {
      key: snapshotKey(snapshot.snapshot, snapshot.lane),
      item: {
        ...snapshot,
        state: 'committed',
        source,
        tenant: 'acme',
        agent: `acme.${source}`,
        engine: 'mysql',
        run: source,
        lease: 'x',
        head: null,
        partSize: 1,
        expectedBytes: 1,
        openedAt: snapshot.receivedAt,
        lockedUntil: snapshot.receivedAt,
        lockMode: 'GOVERNANCE',
        minimumDays: 1,
        manifestSha256: Buffer.alloc(32).toString('base64'),
        units: units.map(unit => JSON.stringify(unit)).join('\n'),
        unitChunks: 0,
        totals: { artefacts: 1, sourceBytes: 1, sealedBytes: 1, storedBytes: 1 },
        warnings: [],
      },
    }),
  )
  await Promise.all(puts)
  return { source, snapshots }
}

/** Counts the items that queries read. */
function counting(table: Table) {
  const read = { items: 0 }
  const documents = new Proxy(table.documents, {
    get: (target, name) =>
      name === 'send'
        ? async (command: never) => {
            const answer = (await target.send(command)) as { ScannedCount?: number }
            read.items += answer.ScannedCount ?? 0
            return answer
          }
        : Reflect.get(target, name),
  })
  return { read, table: { ...table, documents } }
}

async function outcome(
  work: () => { snapshot: string }[] | Promise<{ snapshot: string }[]>,
): Promise<string[] | string> {
  try {
    return (await work()).map(({ snapshot }) => snapshot)
  } catch (error) {
    if (error instanceof ProblemError) return `${error.code}: ${error.why}`
    throw error
  }
}

const includes = (ranges: { from: string; to: string }[], time: number) =>
  ranges.some(({ from, to }) => Date.parse(from) <= time && time <= Date.parse(to))

/** When a full that leads into a window is complete for a unit; 0 when it is not one. */
function startIn(unit: string, bad: boolean | undefined, units: CommittedSnapshot['units']): number {
  const entry = units.find(entry => entry.unit === unit && entry.kind === 'full')
  return entry && !bad ? Date.parse(entry.covers.to) : 0
}

describe('planning from the catalogue', () => {
  it('finds a way exactly where planning from everything does, and one that whoever restores can check', async () => {
    const share = fc.integer({ min: 0, max: 1100 })
    await fc.assert(
      fc.asyncProperty(Events, fc.array(share, { minLength: 6, maxLength: 6 }), async (events, shares) => {
        const { source, snapshots } = await keep(receiver.ports.catalogue, historyOf(events))
        const some = snapshots.filter((_, i) => i % 7 === 0)
        const moments: Moment[] = [
          { kind: 'latest' },
          ...shares.map(part => ({ kind: 'at' as const, at: minute(minuteOf(events, part / 1000)) })),
          ...some.map(({ snapshot }) => ({ kind: 'snapshot' as const, snapshot })),
        ]
        for (const moment of moments)
          for (const units of [undefined, ['u1']]) {
            const chosen = await outcome(() =>
              planFrom(receiver.ports.catalogue, source, moment, units).then(plan => plan.snapshots),
            )
            const whole = await outcome(() => planRestore(snapshots, moment, units).snapshots)
            if (typeof whole === 'string') expect(chosen).toBe(whole)
            else {
              // where logs overlap there may be two ways; whoever restores plans again from what came, and must come to the same
              const sent = snapshots.filter(({ snapshot }) => chosen.includes(snapshot))
              expect(planRestore(sent, moment, units).snapshots.map(({ snapshot }) => snapshot)).toEqual(chosen)
              expect(chosen[0]).toBe(whole[0])
            }
          }
      }),
      { seed, numRuns: times(200), endOnFailure: true }, // each run fills a catalogue: shrinking would take minutes
    )
  }, 300_000)

  it('shows in a window of time what all of the history shows there', async () => {
    const nothing = { snapshots: null, units: null, since: null, until: null }
    const share = fc.integer({ min: 0, max: 1000 })
    const marks = fc.array(share, { minLength: 40, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(Events, share, marks, async (events, cut, shares) => {
        const { source, snapshots } = await keep(receiver.ports.catalogue, historyOf(events))
        const opened = snapshots.map(({ receivedAt }) => Date.parse(receivedAt))
        const window = { from: opened[Math.floor((cut / 1001) * opened.length)] ?? 0, until: Number.POSITIVE_INFINITY }
        const { leadIn } = await windowHistory(receiver.ports.catalogue, source, window)
        const { units } = await unitsPage(
          receiver.ports.catalogue,
          source,
          window,
          nothing,
          undefined,
          undefined,
          new Date(),
        )
        for (const { unit, ranges } of timelineOf(snapshots)) {
          const shown = units.find(each => each.unit === unit)?.ranges ?? []
          const start = Math.max(0, ...leadIn.map(({ bad, units }) => startIn(unit, bad, units)))
          for (const part of shares) {
            const time = Date.parse(minute(minuteOf(events, part / 1000)))
            if (leadIn.length > 0 && (start === 0 || time < start)) continue
            expect([unit, time, includes(shown, time)]).toEqual([unit, time, includes(ranges, time)])
          }
          for (const { from, to } of shown)
            expect(ranges.some(range => range.from <= from && to <= range.to)).toBe(true)
        }
      }),
      { seed, numRuns: times(300), endOnFailure: true },
    )
  }, 300_000)

  it('reads only what the chain needs: the data lane back to a full, the log lane from there on', async () => {
    const kept = { units: [0, 1, 2], written: 1, fate: 'kept' as const, hot: 0, pause: 5 }
    const day = [
      { ...kept, what: 'full' as const },
      ...Array.from({ length: 24 }, () => ({ ...kept, what: 'log' as const })),
    ]
    const events = Array.from({ length: 20 }, () => day).flat()
    const { source, snapshots } = await keep(receiver.ports.catalogue, historyOf(events))
    const { read, table } = counting(receiver.ports.catalogue)
    const { snapshots: planned } = await planFrom(table, source, { kind: 'latest' }, undefined)
    expect(planned).toHaveLength(25)
    expect(planned.map(({ snapshot }) => snapshot)).toEqual(
      planRestore(snapshots, { kind: 'latest' }).snapshots.map(({ snapshot }) => snapshot),
    )
    expect(snapshots).toHaveLength(500)
    expect(read.items).toBeLessThan(200) // pages of 50 at most for each of the three queries, and the chain
  })
})
