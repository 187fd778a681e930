import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mayDelete, mayReplace, type Retention } from '../../infra/local/s3/lock.ts'
import { readRange } from '../../infra/local/s3/object/range.ts'
import { seed, times } from '../support/counts.ts'

const day = fc.integer({ min: 1, max: 100 }).map(days => new Date(days * 86_400_000))
const retention: fc.Arbitrary<Retention> = fc.record({
  mode: fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const),
  until: day,
})

test('without a bypass no sequence of changes frees a locked version early', () => {
  fc.assert(
    fc.property(retention, fc.array(fc.option(retention)), day, (first, changes, now) => {
      let current: Retention | undefined = first
      for (const change of changes)
        if (mayReplace(current, change ?? undefined, now, false)) current = change ?? undefined
      if (now < first.until) expect(mayDelete(current, now, false)).toBe(false)
    }),
    { seed, numRuns: times(10_000) },
  )
})

test('with a bypass a compliance lock still holds', () => {
  fc.assert(
    fc.property(day, fc.array(fc.option(retention)), day, (until, changes, now) => {
      let current: Retention | undefined = { mode: 'COMPLIANCE', until }
      for (const change of changes)
        if (mayReplace(current, change ?? undefined, now, true)) current = change ?? undefined
      if (now < until) expect(mayDelete(current, now, true)).toBe(false)
    }),
    { seed, numRuns: times(10_000) },
  )
})

test('a range header is read as S3 reads it', () => {
  expect(readRange(undefined, 10)).toBeUndefined()
  expect(readRange('bytes=0-9', 10)).toEqual({ start: 0, end: 9 })
  expect(readRange('bytes=9-', 10)).toEqual({ start: 9, end: 9 })
  expect(readRange('bytes=-20', 10)).toEqual({ start: 0, end: 9 })
  for (const ignored of ['bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'lines=0-1'])
    expect(readRange(ignored, 10), ignored).toBeUndefined()
  for (const outside of ['bytes=10-', 'bytes=-0', 'bytes=99-100'])
    expect(() => readRange(outside, 10), outside).toThrow('range')
})
