import { describe, expect, it, test } from 'vitest'
import type { CommittedSnapshot, LaneHeads, UnitEntry } from '../../../shared/snapshot.ts'
import type { Inventory } from '../../../uploader/engines/domino/inventory.ts'
import type { Extent, LogStyle } from '../../../uploader/engines/domino/notes/library.ts'
import { continuationOf } from '../../../uploader/engines/domino/plan/continuation.ts'
import { plan } from '../../../uploader/engines/domino/plan/plan.ts'
import { placeAt } from '../../../uploader/engines/domino/position.ts'

const logId = 'a'.repeat(32)
const time = '2026-11-22T10:00:00Z'

function entry(kind: 'full' | 'log', from: number, to: number, info: Record<string, string> = {}): UnitEntry {
  return {
    unit: 'server',
    kind,
    base: null,
    from: { stream: logId, at: placeAt(from) },
    to: { stream: logId, at: placeAt(to) },
    covers: { from: time, to: time },
    info,
  }
}
const head = (kind: 'full' | 'log', unit: UnitEntry): CommittedSnapshot => ({
  snapshot: `01J00000000000000000000000.01J0000000000000000000000${kind === 'log' ? 1 : 0}`,
  lane: kind === 'log' ? 'log' : 'data',
  kind,
  receivedAt: time,
  units: [unit],
})
const heads = (data?: UnitEntry, log?: UnitEntry): LaneHeads => ({
  data: data ? head('full', data) : null,
  log: log ? head('log', log) : null,
})
const hashes = (...numbers: number[]) => JSON.stringify(numbers.map(number => [number, `hash ${number}`]))

/** Closed extents, and the one that is still written behind them. */
function extents(...numbers: number[]): Extent[] {
  return numbers.map((number, i) => ({ logId, number, path: `/txn/S${number}.TXN`, closed: i < numbers.length - 1 }))
}
const numbers = (list: Extent[]) => list.map(({ number }) => number)

describe('the log goes on', () => {
  it('behind a full that owns its extents', () => {
    const found = continuationOf(extents(5, 6, 7), heads(entry('full', 5, 5, { owns: 'true' })))
    expect(found).toMatchObject({ possible: true, from: placeAt(5), to: placeAt(7), active: { number: 7 } })
    expect(found.possible && numbers(found.fresh)).toEqual([5, 6])
  })

  it('behind the last log, also where a full was taken since that does not own them', () => {
    const found = continuationOf(extents(7, 8, 9), heads(entry('full', 8, 9), entry('log', 5, 7)))
    expect(found).toMatchObject({ possible: true, from: placeAt(7), to: placeAt(9) })
  })

  it('with nothing new but what is still written', () => {
    expect(continuationOf(extents(7), heads(entry('full', 5, 5, { owns: 'true' }), entry('log', 5, 7)))).toMatchObject({
      possible: true,
      from: placeAt(7),
      to: placeAt(7, 1),
      fresh: [],
    })
    // The full begins to be rolled forward in it.
    expect(continuationOf(extents(9), heads(entry('full', 9, 9), entry('log', 5, 8)))).toMatchObject({
      from: placeAt(9),
      to: placeAt(9, 1),
    })
  })

  it('and what is offered again is known by its number, and taken again where its hash is not known', () => {
    const log = entry('log', 5, 7, { extents: hashes(5, 6) })
    const data = entry('full', 5, 5, { owns: 'true' })
    const found = continuationOf(extents(5, 6, 7, 8), heads(data, log))
    expect(found).toMatchObject({ possible: true, from: placeAt(7), to: placeAt(8) })
    expect(found.possible && numbers(found.again)).toEqual([5, 6])
    const unknown = continuationOf(extents(5, 6, 7, 8), heads(data, log), new Set([6]))
    expect(unknown).toMatchObject({ possible: true, from: placeAt(6), to: placeAt(8) })
    expect(unknown.possible && numbers(unknown.again)).toEqual([5])
    expect(unknown.possible && numbers(unknown.fresh)).toEqual([6, 7])
  })
})

describe('the log does not go on', () => {
  const data = entry('full', 5, 5, { owns: 'true' })
  test.each<[string, Extent[], LaneHeads, string, RegExp]>([
    [
      'of another log',
      extents(5, 6).map(one => ({ ...one, logId: 'b'.repeat(32) })),
      heads(data),
      'NEW_LOG',
      /another one/,
    ],
    ['somebody else archived some', extents(7, 8), heads(data), 'GAP', /before extent 5, and Domino offers 7/],
    ['one is missing', extents(5, 7, 8), heads(data), 'GAP', /extent 6 .* 7 after 5/],
    ['put back to before', extents(3), heads(data), 'REVERTED', /before extent 5, and Domino writes extent 3/],
    ['none at all', [], heads(data), 'NO_EXTENTS', /no extent/],
  ])('%s', (_, waiting, before, code, reason) => {
    const found = continuationOf(waiting, before)
    expect(found).toMatchObject({ possible: false, code })
    expect(!found.possible && found.reason).toMatch(reason)
  })
})

describe('a run', () => {
  const inventory = (style: LogStyle | null): Inventory => ({
    instance: { release: 'Release 12.0.2' } as Inventory['instance'],
    style,
    databases: 2,
    databaseBytes: 100,
    fileBytes: 10,
    objects: 1,
    objectBytes: 1,
  })
  const before = heads(entry('full', 5, 5))

  it('of logs stays one where the log is archived', () => {
    expect(plan('log', inventory('archive'), before)).toMatchObject({
      kind: 'log',
      promoted: null,
      engineVersion: 'HCL Domino 12.0.2',
    })
  })

  test.each<[LogStyle | null, string]>([
    ['circular', 'NOT_ARCHIVED'],
    ['linear', 'NOT_ARCHIVED'],
    [null, 'NOT_LOGGED'],
  ])('of logs becomes a full where the log is %s, and says so', (style, code) => {
    const made = plan('log', inventory(style), before)
    expect(made).toMatchObject({ kind: 'full', promoted: { code }, expectedBytes: 111 })
    expect(made.steps.at(-1)).toContain('no archived transaction log')
  })

  it('becomes a full where there is none yet, and where a differential is asked for', () => {
    expect(plan('log', inventory('archive'), heads()).promoted?.code).toBe('NO_BASE')
    expect(plan('differential', inventory('archive'), before).promoted?.code).toBe('NO_DIFFERENTIAL')
  })
})
