import { describe, expect, it } from 'vitest'
import { fold } from '../../lambdas/restore-page/app/moments/chain.ts'
import { coordinateAt, positionText } from '../../lambdas/restore-page/app/moments/coordinate.ts'
import { seenPart, ticksPath } from '../../lambdas/restore-page/app/moments/drawing.ts'
import { gapReason } from '../../lambdas/restore-page/app/moments/gap-reason.ts'
import { OpeningError } from '../../lambdas/restore-page/app/opening/opening-error.ts'
import { languageFor, localeFor } from '../../lambdas/restore-page/app/texts/language.ts'
import { languages } from '../../lambdas/restore-page/app/texts/languages.ts'
import { restoreCommand } from '../../lambdas/restore-page/app/ways/command.ts'
import { filterFiles } from '../../lambdas/restore-page/app/ways/filter.ts'
import { problemOf } from '../../lambdas/restore-page/app/ways/restoring.ts'
import { estimate, Speed } from '../../lambdas/restore-page/app/ways/speed.ts'
import { sumsOf } from '../../lambdas/restore-page/app/ways/sums.ts'
import { Format } from '../../lambdas/restore-page/app/words/format.ts'
import { timelineOf } from '../../shared/planner/timeline.ts'
import { at, snapshotOf, time } from './samples.ts'

describe('words', () => {
  const en = new Format('en-GB')
  const de = new Format('de-DE')
  const now = Date.parse('2026-11-05T14:13:00Z')

  it('say how long ago, and never more than it is', () => {
    expect(en.relative(now - 3 * 60_000 - 59_000, now)).toBe('3 minutes ago')
    expect(de.relative(now - 3 * 60_000, now)).toBe('vor 3 Minuten')
    expect(en.relative(now + 2 * 3_600_000, now)).toBe('in 2 hours')
    expect(en.relative(now, now)).toBe('now')
  })

  it('say sizes, durations, money and times in the language', () => {
    expect(en.bytes(0)).toBe('0 bytes')
    expect(en.bytes(999)).toBe('999 bytes')
    expect(en.bytes(1000)).toBe('1 kB')
    expect(de.bytes(9_300_000_000)).toMatch(/^9,3\sGB$/)
    expect(en.duration(75)).toBe('75 seconds')
    expect(en.duration(5400)).toBe('1.5 hours')
    expect(de.money(0.85, 'USD')).toMatch(/0,85\s\$/)
    expect(en.exact(now, 'Europe/Berlin')).toContain('15:13')
    expect(en.list(['a', 'b', 'c'])).toBe('a, b and c')
  })

  it('are in the first language of the browser that there is', () => {
    expect(languageFor(['fr-FR', 'de-AT', 'en'])).toBe('de')
    expect(languageFor(['fr'])).toBe('en')
    expect(localeFor('en', ['de-DE', 'en-AU'])).toBe('en-AU')
    expect(localeFor('de', ['en-AU'])).toBe('de')
  })

  it('are there in every language, and none is empty', () => {
    const strings = (texts: object): string[] =>
      Object.values(texts).flatMap(text =>
        typeof text === 'string' ? [text] : typeof text === 'object' ? strings(text) : [],
      )
    for (const texts of Object.values(languages)) expect(strings(texts).filter(text => text.trim() === '')).toEqual([])
    expect(strings(languages.de)).toHaveLength(strings(languages.en).length)
  })

  it("know every reason for a gap that the receiver's planner gives", () => {
    const other = (hour: number) => ({ ...snapshotOf(9, 'log', hour, hour + 1) })
    const full = snapshotOf(1, 'full', 10, 10)
    const anew = {
      ...other(13),
      units: other(13).units.map(entry => ({ ...entry, from: { stream: 't', at: '1' }, to: { stream: 't', at: '2' } })),
    }
    const cases = [
      [full, snapshotOf(2, 'log', 10, 11), other(12)],
      [full, { ...snapshotOf(2, 'log', 10, 11), bad: true }],
      [full, snapshotOf(2, 'log', 10, 11), anew],
    ]
    const kinds = cases.map(snapshots => timelineOf(snapshots)[0]!.gaps.map(({ reason }) => gapReason(reason).kind))
    expect(kinds).toEqual([['missing'], ['bad'], ['anew']])
    expect(gapReason('no log was backed up after 2026-11-22 14:10; restorable to 2026-11-22 14:10').kind).toBe(
      'nothing-after',
    )
    expect(gapReason('the moon')).toEqual({ kind: 'other', text: 'the moon' })
  })
})

describe('where a moment lies in the log', () => {
  const snapshots = [snapshotOf(1, 'full', 10, 10), snapshotOf(2, 'log', 10, 11)]
  const coordinate = (at: number, unit = 'shop') => coordinateAt('mysql', snapshots, unit, time(at))
  it('is a position where a backup ends, and else between two', () => {
    expect(coordinate(11)).toMatchObject({ from: '000007:1100', to: '000007:1100' })
    expect(coordinate(10.5)).toMatchObject({
      from: '000007:1000',
      to: '000007:1100',
    })
    expect(coordinate(12)).toBeUndefined()
    expect(coordinate(10.5, 'another')).toBeUndefined()
    expect(positionText('oracle', '00000000004711')).toBe('4711')
    expect(positionText('sqlserver', '0000000000')).toBe('0')
  })
})

describe('the drawing', () => {
  it('has one path with a tick for each column at most', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => time(i / 5000))
    expect(ticksPath(many, time(0), time(24), 1000).match(/M/g)!.length).toBeLessThanOrEqual(1001)
    expect(ticksPath([time(6), time(30)], time(0), time(24), 1000)).toBe('M250 0V1')
  })
  it('shows the part of a span that is in it', () => {
    expect(seenPart({ from: time(-5), to: time(12) }, time(0), time(24))).toEqual({ x: 0, width: 50 })
    expect(seenPart({ from: time(30), to: time(31) }, time(0), time(24))).toBeUndefined()
    expect(seenPart({ from: time(12), to: time(12) }, time(0), time(24))?.width).toBeGreaterThan(0)
  })
})

describe('the small things', () => {
  it('fold a chain that is longer than seven', () => {
    expect(fold([1, 2, 3, 4, 5, 6, 7])).toEqual({ head: [1, 2, 3, 4, 5, 6, 7], hidden: 0, tail: [] })
    expect(fold([1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual({ head: [1, 2], hidden: 3, tail: [6, 7, 8, 9] })
  })
  it('write the command for a shell of each system', () => {
    const link = 'https://receiver.example.net/r#abc'
    expect(restoreCommand('unix', link, { at: at(10) })).toBe(
      `failsafe restore '${link}' --at ${at(10)} --to ./restored --identity recovery-kit.txt`,
    )
    expect(restoreCommand('windows', link, { snapshot: 'S.T' })).toBe(
      `failsafe.exe restore "${link}" --snapshot S.T --to .\\restored --identity recovery-kit.txt`,
    )
  })
  it('filter files by words', () => {
    const files = ['a/Shop.orders.sql', 'a/shop.items.sql'].map(file => ({ file }))
    expect(filterFiles(files, 'SHOP ord')).toEqual([files[0]])
    expect(filterFiles(files, ' ')).toHaveLength(2)
  })
  it('estimate with what was measured, and with usual lines before', () => {
    expect(estimate(125e6, null)).toEqual({ kind: 'assumed', slow: 10, fast: 1 })
    const speed = new Speed()
    speed.add(0, 0)
    expect(speed.bytesPerSecond).toBeNull()
    speed.add(2000, 10e6)
    expect(speed.bytesPerSecond).toBe(5e6)
    expect(estimate(10e6, speed.bytesPerSecond)).toEqual({ kind: 'measured', seconds: 2, bytesPerSecond: 5e6 })
  })
  it('write hashes as sha256sum reads them', () => {
    const sha256 = Buffer.from('00ff'.repeat(16), 'hex').toString('base64')
    expect(sumsOf([{ file: 'a b', sha256 }])).toBe(`${'00ff'.repeat(16)}  a b\n`)
  })
  it('tell errors of the worker from those of the disk', () => {
    expect(problemOf(new OpeningError('pack-damaged', 'x', 'short'))).toEqual({ code: 'pack-damaged', why: 'short' })
    expect(problemOf(new OpeningError('refused', 'no', 'it'))).toEqual({ code: 'refused', why: 'no: it' })
    expect(problemOf(new OpeningError('refused', 'no'))).toEqual({ code: 'refused', why: 'no' })
    expect(problemOf(new Error('disk full'))).toEqual({ code: 'saving', why: 'disk full' })
  })
})
