import { describe, expect, test } from 'vitest'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import { type Timetable, timetableOf } from '../../uploader/schedule/timetable.ts'
import { type Run, simulate } from './simulate.ts'

const hour = 3_600_000
const day = 24 * hour

/** From `first`, so many runs, each so long after the one before. */
function every(interval: number, first: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => new Date(Date.parse(first) + n * interval).toISOString())
}

function timesOf(runs: Run[], kind: SnapshotKind): string[] {
  return runs.filter(run => run.kind === kind).map(({ at }) => at)
}

const nightly = (timeZone: string): Timetable =>
  timetableOf({ full: '30 2 * * *', log: '*/30 * * * *', timeZone }, 'agent shop')

// What is expected stands here as instants, not as what the same library says of the same schedule.
describe('30 days across the night on which clocks change', () => {
  test('forward in Berlin: the full that has no 02:30 comes at 03:00, and logs come every half hour of real time', () => {
    const { runs } = simulate(
      { shop: nightly('Europe/Berlin') },
      { from: '2027-03-14T00:00Z', to: '2027-04-13T00:00Z' },
    )
    const full = [
      ...every(day, '2027-03-14T01:30:00Z', 14),
      '2027-03-28T01:00:00.000Z',
      ...every(day, '2027-03-29T00:30:00Z', 15),
    ]
    expect(timesOf(runs, 'full')).toEqual(full)
    expect(timesOf(runs, 'log')).toEqual(
      every(hour / 2, '2027-03-14T00:30:00Z', 30 * 48 - 1).filter(at => !full.includes(at)),
    )
  })

  test('back in Berlin: 02:30 comes twice, the full once', () => {
    const { runs } = simulate(
      { shop: nightly('Europe/Berlin') },
      { from: '2026-10-10T00:00Z', to: '2026-11-09T00:00Z' },
    )
    const full = [...every(day, '2026-10-10T00:30:00Z', 16), ...every(day, '2026-10-26T01:30:00Z', 14)]
    expect(timesOf(runs, 'full')).toEqual(full)
    expect(timesOf(runs, 'log')).toEqual(
      every(hour / 2, '2026-10-10T00:30:00Z', 30 * 48 - 1).filter(at => !full.includes(at)),
    )
  })

  test('forward in New York, back on Lord Howe by half an hour, and in Kathmandu, where nothing changes', () => {
    const from = '2027-03-10T00:00Z'
    const { runs } = simulate(
      {
        york: timetableOf({ full: '30 2 * * *', timeZone: 'America/New_York' }, 'york'),
        howe: timetableOf({ full: '45 1 * * *', timeZone: 'Australia/Lord_Howe' }, 'howe'),
        nepal: timetableOf({ full: '0 2 * * *', timeZone: 'Asia/Kathmandu' }, 'nepal'),
      },
      { from, to: '2027-04-09T00:00Z' },
    )
    const of = (source: string) => runs.filter(run => run.source === source).map(({ at }) => at)
    expect(of('york')).toEqual([
      ...every(day, '2027-03-10T07:30:00Z', 4),
      '2027-03-14T07:00:00.000Z',
      ...every(day, '2027-03-15T06:30:00Z', 25),
    ])
    // The clock goes back on 4 April from 02:00 to 01:30: 01:45 comes twice, and the first of both counts.
    expect(of('howe')).toEqual([...every(day, '2027-03-10T14:45:00Z', 25), ...every(day, '2027-04-04T15:15:00Z', 5)])
    expect(of('nepal')).toEqual(every(day, '2027-03-10T20:15:00Z', 30))
  })

  test('with nobody there for a week, over the change, an hour at its moment, and a minute: one run makes up for each', () => {
    const { runs } = simulate(
      { shop: nightly('Europe/Berlin') },
      {
        from: '2027-03-14T00:00Z',
        to: '2027-04-13T00:00Z',
        down: [
          ['2027-03-17T01:00Z', '2027-03-24T10:10Z'],
          ['2027-03-28T00:50Z', '2027-03-28T02:10Z'],
          ['2027-04-02T00:30Z', '2027-04-02T00:31Z'],
          ['2027-04-05T12:05Z', '2027-04-05T12:20Z'],
          ['2027-04-05T12:55Z', '2027-04-05T13:40Z'],
        ],
      },
    )
    expect(timesOf(runs, 'full')).toEqual([
      ...every(day, '2027-03-14T01:30:00Z', 3),
      '2027-03-24T10:10:00.000Z', // for seven fulls and 345 logs
      ...every(day, '2027-03-25T01:30:00Z', 3),
      '2027-03-28T02:10:00.000Z',
      ...every(day, '2027-03-29T00:30:00Z', 4),
      '2027-04-02T00:31:00.000Z',
      ...every(day, '2027-04-03T00:30:00Z', 10),
    ])
    const logs = timesOf(runs, 'log')
    expect(logs.filter(at => at > '2027-03-24' && at < '2027-03-24T11:30')).toEqual([
      '2027-03-24T10:30:00.000Z',
      '2027-03-24T11:00:00.000Z',
    ])
    expect(logs.filter(at => at > '2027-04-05T11:45' && at < '2027-04-05T14:15')).toEqual([
      '2027-04-05T12:00:00.000Z',
      '2027-04-05T12:30:00.000Z', // nothing was due while nobody was there for a quarter of an hour
      '2027-04-05T13:40:00.000Z', // one for 13:00 and 13:30
      '2027-04-05T14:00:00.000Z',
    ])
    expect(new Set(runs.map(({ at }) => at)).size).toBe(runs.length)
  })

  test('without catching up, what was due while nobody was there waits for its next moment', () => {
    const timetable = { ...nightly('Europe/Berlin'), catchUp: false }
    const { runs, passedOver } = simulate(
      { shop: timetable },
      { from: '2027-03-14T00:00Z', to: '2027-04-13T00:00Z', down: [['2027-03-17T01:00Z', '2027-03-28T02:10Z']] },
    )
    expect(timesOf(runs, 'full')).toEqual([
      ...every(day, '2027-03-14T01:30:00Z', 3),
      ...every(day, '2027-03-29T00:30:00Z', 15),
    ])
    expect(timesOf(runs, 'log').find(at => at > '2027-03-17T01')).toBe('2027-03-28T02:30:00.000Z')
    expect(passedOver.map(({ kind }) => kind)).toEqual(['full', 'log'])
  })
})

describe('runs that take time', () => {
  const to = '2027-01-05T00:00Z'
  const timetables = { shop: timetableOf({ full: '0 2 * * *', log: '*/15 * * * *' }, 'shop') }

  test('are never two of one source: what is due meanwhile is one run afterwards', () => {
    const takes = ({ kind }: Run) => (kind === 'full' ? 2.1 * hour : 0)
    const { runs } = simulate(timetables, { from: '2027-01-02T00:00Z', to, takes })
    expect(timesOf(runs, 'full')).toEqual(every(day, '2027-01-02T02:00:00Z', 3))
    const night = timesOf(runs, 'log').filter(at => at > '2027-01-03T01:40' && at < '2027-01-03T04:40')
    expect(night).toEqual([
      '2027-01-03T01:45:00.000Z',
      '2027-01-03T04:06:00.000Z',
      ...every(hour / 4, '2027-01-03T04:15:00Z', 2),
    ])
  })

  test('and are interrupted are tried again, also where nothing is caught up', () => {
    for (const catchUp of [true, false]) {
      const { runs } = simulate(
        { shop: { ...timetables.shop!, catchUp } },
        {
          from: '2027-01-02T00:00Z',
          to,
          takes: ({ kind }) => (kind === 'full' ? hour : 0),
          down: [['2027-01-03T02:30Z', '2027-01-03T02:31Z']],
        },
      )
      expect(timesOf(runs, 'full')).toEqual([
        '2027-01-02T02:00:00.000Z',
        '2027-01-03T02:00:00.000Z',
        '2027-01-03T02:32:00.000Z', // a minute after the restart: if the run itself is what brings the machine down, the pause grows
        '2027-01-04T02:00:00.000Z',
      ])
    }
  })

  test('of many sources at once are few, logs are not kept waiting by fulls, and each has its turn', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const many = Object.fromEntries(
      names.map(name => [name, timetableOf({ full: '0 2 * * *', log: '30 * * * *' }, name)]),
    )
    const takes = ({ kind }: Run) => (kind === 'full' ? hour : hour / 60)
    const { runs } = simulate(many, { from: '2027-01-02T01:00Z', to: '2027-01-03T01:00Z', takes })
    for (const at of runs.map(run => Date.parse(run.at))) {
      const going = runs.filter(run => Date.parse(run.at) <= at && Date.parse(run.at) + takes(run) > at)
      expect(going.length).toBeLessThanOrEqual(4)
      expect(going.filter(({ kind }) => kind === 'full').length).toBeLessThanOrEqual(2)
    }
    expect(runs.filter(({ kind }) => kind === 'full').map(({ source, at }) => `${source} ${at.slice(11, 16)}`)).toEqual(
      [...['a 02:00', 'b 02:00', 'c 03:00', 'd 03:00', 'e 04:00', 'f 04:00']],
    )
  })
})

describe('runs that fail', () => {
  const from = '2027-01-02T00:00Z'
  const to = '2027-01-03T00:00Z'
  const timetables = { shop: timetableOf({ full: '0 2 * * *', log: '0 * * * *' }, 'shop') }

  test('for a while are tried again after 1, 2, 4 … 60 minutes, and logs go on meanwhile', () => {
    const ends = ({ kind, at }: Run) =>
      kind === 'full' && at < '2027-01-02T06:00'
        ? ({ ended: 'failed', retriable: true } as const)
        : ({ ended: 'done', made: kind } as const)
    const { runs } = simulate(timetables, { from, to, ends })
    expect(timesOf(runs, 'full').map(at => at.slice(11, 16))).toEqual([
      '02:00',
      '02:01',
      '02:03',
      '02:07',
      '02:15',
      '02:31',
      '03:03',
      '04:03',
      '05:03',
      '06:03',
    ])
    expect(
      timesOf(runs, 'log')
        .map(at => at.slice(11, 16))
        .slice(0, 7),
    ).toEqual(['01:00', '02:00', '03:00', '04:00', '05:00', '06:00', '07:00'])
  })

  test('for good wait for their next moment', () => {
    const ends = ({ kind }: Run) => ({ ended: 'failed', retriable: kind !== 'full' }) as const
    const { runs } = simulate({ shop: timetableOf({ full: '0 */6 * * *' }, 'shop') }, { from, to, ends })
    expect(timesOf(runs, 'full').map(at => at.slice(11, 16))).toEqual(['06:00', '12:00', '18:00'])
  })

  test('because somebody else backs the source up are asked for again every minute', () => {
    const ends = ({ at, kind }: Run) =>
      at < '2027-01-02T02:02:30' ? ({ ended: 'held' } as const) : ({ ended: 'done', made: kind } as const)
    const { runs } = simulate({ shop: timetableOf({ full: '0 2 * * *' }, 'shop') }, { from, to, ends })
    expect(runs.map(({ at }) => at.slice(11, 16))).toEqual(['02:00', '02:01', '02:02', '02:03'])
  })

  test('because a person cancelled them leave the source alone until its next moment', () => {
    const ends = ({ kind }: Run) =>
      kind === 'full' ? ({ ended: 'cancelled', made: kind } as const) : ({ ended: 'done', made: kind } as const)
    const takes = ({ kind }: Run) => (kind === 'full' ? 1.2 * hour : 0)
    const { runs } = simulate(timetables, { from, to: '2027-01-02T05:30Z', ends, takes })
    expect(runs.map(({ kind, at }) => `${kind} ${at.slice(11, 16)}`)).toEqual([
      ...['log 01:00', 'full 02:00', 'log 04:00', 'log 05:00'],
    ])
  })

  test('and a log that became a full does for the full that was due', () => {
    const ends = ({ kind, at }: Run) => {
      if (kind === 'full') return { ended: 'failed', retriable: true } as const
      return { ended: 'done', made: at > '2027-01-02T02:30' && at < '2027-01-02T03:30' ? 'full' : kind } as const
    }
    const { runs } = simulate(timetables, { from, to, ends })
    expect(timesOf(runs, 'full').at(-1)).toBe('2027-01-02T02:31:00.000Z')
  })
})
