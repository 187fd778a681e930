import { expect, test } from 'vitest'
import { decide } from '../../uploader/schedule/decide.ts'
import {
  begin,
  conclude,
  noteReceived,
  remember,
  reschedule,
  type SourceMemory,
} from '../../uploader/schedule/memory.ts'
import { timetableOf } from '../../uploader/schedule/timetable.ts'

const timetable = timetableOf({ full: '0 2 * * *', log: '0 * * * *' }, 'shop')
const at = (text: string) => new Date(`2027-01-${text}Z`)

function startsAt(now: Date, memory: SourceMemory, of = timetable) {
  const sources = new Map([['shop', { timetable: of, memory, running: undefined }]])
  return decide({ now, awakeSince: now }, sources).start.map(({ kind }) => kind)
}

test('a source that nothing is remembered of counts from what the receiver has of it', () => {
  const received = { full: at('04T02:10').toISOString(), log: at('05T01:00').toISOString() }
  expect(startsAt(at('05T02:30'), remember(undefined, timetable, at('05T02:30'), received))).toEqual(['full'])
  expect(startsAt(at('05T01:30'), remember(undefined, timetable, at('05T01:30'), received))).toEqual([])
})

test('and from now, where the receiver has nothing: no past moment is made up for', () => {
  expect(startsAt(at('05T02:30'), remember(undefined, timetable, at('05T02:30')))).toEqual([])
})

test('what the receiver got meanwhile by another run is not made again', () => {
  const memory = begin(remember(undefined, timetable, at('04T12:00')), 'full', at('05T02:00'))
  expect(startsAt(at('05T03:30'), memory)).toEqual(['full'])
  const received = { full: at('05T03:10').toISOString(), log: at('05T03:10').toISOString() }
  expect(startsAt(at('05T03:30'), noteReceived(memory, received))).toEqual([])
})

test('what the receiver has from before leaves a run owed that began after it', () => {
  const memory = begin(remember(undefined, timetable, at('04T01:00')), 'full', at('05T02:00'))
  const noted = noteReceived(memory, { full: at('04T02:10').toISOString() })
  expect(noted.kinds.full).toMatchObject({ served: at('04T02:10').toISOString(), begun: at('05T02:00').toISOString() })
  const never = { ...timetable, catchUp: false }
  expect(startsAt(at('05T03:30'), noted, never)).toEqual(['full'])
})

test('a log that is cancelled leaves a full due that failed before it, or became due meanwhile', () => {
  const cancelled = { ended: 'cancelled', made: 'log' } as const
  const failed = conclude(
    begin(remember(undefined, timetable, at('04T12:00')), 'full', at('05T02:00')),
    'full',
    { ended: 'failed', retriable: true },
    { startedAt: at('05T02:00'), now: at('05T02:59:30') },
  )
  const times = { startedAt: at('05T03:00'), now: at('05T03:02') }
  const owed = conclude(begin(failed, 'log', at('05T03:00')), 'log', cancelled, times)
  expect(startsAt(at('05T03:03'), owed, { ...timetable, catchUp: false })).toEqual(['full'])
  const asFull = conclude(begin(failed, 'log', at('05T03:00')), 'log', { ended: 'cancelled', made: 'full' }, times)
  expect(startsAt(at('05T03:03'), asFull)).toEqual([])
  const running = begin(remember(undefined, timetable, at('05T00:30')), 'log', at('05T01:00'))
  const due = conclude(running, 'log', cancelled, { startedAt: at('05T01:00'), now: at('05T02:01') })
  expect(startsAt(at('05T02:02'), due)).toEqual(['full'])
})

test('a memory from a clock that ran a year ahead keeps no run from coming, one of a second ahead causes none twice', () => {
  const ahead = remember(undefined, timetable, new Date('2028-01-05T00:00Z'))
  const sources = new Map([['shop', { timetable, memory: ahead, running: undefined }]])
  const now = at('05T01:59')
  expect(decide({ now, awakeSince: now }, sources).wakeAt).toEqual(at('05T02:00'))
  const second = remember(undefined, timetable, at('05T02:00:01'))
  expect(startsAt(at('05T02:00'), second)).toEqual([])
})

test('a schedule that changes counts from then, and what was due by the old one stays due', () => {
  const memory = remember(undefined, timetable, at('05T02:30'))
  const earlier = timetableOf({ full: '0 9 * * *' }, 'shop')
  const rescheduled = (now: Date) => startsAt(now, reschedule(memory, timetable, earlier, now), earlier)
  expect(rescheduled(at('05T12:00'))).toEqual([])
  expect(rescheduled(at('06T12:00'))).toEqual(['full'])
  expect(reschedule(memory, timetable, earlier, at('05T12:00')).kinds.log).toBeUndefined()
})
