import { describe, expect, it } from 'vitest'
import {
  addDays,
  dayOf,
  offsetText,
  readTime,
  startOfDay,
  timesOf,
  wallText,
} from '../../lambdas/restore-page/app/moments/zone.ts'

const berlin = 'Europe/Berlin'
const ms = Date.parse

describe('a time in a zone', () => {
  it('is written as its clocks show it', () => {
    expect(wallText(berlin, ms('2026-11-05T13:10:00Z'))).toBe('2026-11-05 14:10:00')
    expect(wallText(berlin, ms('2026-07-05T13:10:00.250Z'))).toBe('2026-07-05 15:10:00.250')
    expect(offsetText(berlin, ms('2026-11-05T13:10:00Z'))).toBe('UTC+01:00')
    expect(offsetText('America/St_Johns', ms('2026-11-05T13:10:00Z'))).toBe('UTC−03:30')
    expect(offsetText('UTC', 0)).toBe('UTC')
  })

  it('comes twice when clocks go back, and not at all when they go forward', () => {
    expect(timesOf(berlin, ms('2026-10-25T02:30:00Z'))).toEqual([
      ms('2026-10-25T00:30:00Z'),
      ms('2026-10-25T01:30:00Z'),
    ])
    expect(timesOf(berlin, ms('2026-03-29T02:30:00Z'))).toEqual([])
    expect(timesOf(berlin, ms('2026-03-29T03:30:00Z'))).toEqual([ms('2026-03-29T01:30:00Z')])
  })

  it('belongs to a day that may have 23 or 25 hours', () => {
    const hours = (day: string) => (startOfDay(berlin, addDays(day, 1)) - startOfDay(berlin, day)) / 3_600_000
    expect(hours('2026-10-25')).toBe(25)
    expect(hours('2026-03-29')).toBe(23)
    expect(hours('2026-11-05')).toBe(24)
    expect(dayOf(berlin, ms('2026-11-04T23:30:00Z'))).toBe('2026-11-05')
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
  })

  it('belongs to a day that begins late, where midnight is left out', () => {
    expect(startOfDay('Africa/Cairo', '2026-04-24')).toBe(ms('2026-04-23T22:00:00Z'))
  })
})

describe('a time that is typed', () => {
  it.each([
    ['2026-11-05 14:10', '2026-11-05T13:10:00Z'],
    ['2026-11-05 14:10:07', '2026-11-05T13:10:07Z'],
    [' 2026-11-05T14:10:07.25 ', '2026-11-05T13:10:07.250Z'],
    ['2026-11-05T14:10:00Z', '2026-11-05T14:10:00Z'],
    ['2026-11-05 14:10 utc', '2026-11-05T14:10:00Z'],
    ['2026-11-05T14:10:00-03:30', '2026-11-05T17:40:00Z'],
    ['2026-11-05T14:10:00+0100', '2026-11-05T13:10:00Z'],
  ])('%s is read', (text, instant) => {
    expect(readTime(text, berlin)).toEqual({ kind: 'one', time: ms(instant) })
  })

  it('is asked back for in the hour that came twice, and refused in the one that was left out', () => {
    expect(readTime('2026-10-25 02:30', berlin)).toEqual({
      kind: 'twice',
      times: [ms('2026-10-25T00:30:00Z'), ms('2026-10-25T01:30:00Z')],
    })
    expect(readTime('2026-03-29 02:30', berlin)).toEqual({ kind: 'never' })
  })

  it.each(['', 'yesterday', '2026-02-30 10:00', '2026-11-05', '2026-11-05 25:00', '05.11.2026 14:10'])(
    '%j is no time',
    text => {
      expect(readTime(text, berlin)).toEqual({ kind: 'unreadable' })
    },
  )
})
