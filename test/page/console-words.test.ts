import { describe, expect, it } from 'vitest'
import { linkWishOf } from '../../lambdas/restore-page/app/console/wishes/link-wish.ts'
import { monthName, monthsBetween } from '../../lambdas/restore-page/app/console/words/months.ts'
import { languages } from '../../lambdas/restore-page/app/texts/console/languages.ts'
import { matching } from '../../lambdas/restore-page/app/words/matching.ts'
import { AdminLinkRequest } from '../../shared/api/admin.ts'
import { NoticeKind } from '../../shared/notice.ts'

describe('the words of the console', () => {
  it('are there in every language, and none is empty', () => {
    const paths = (texts: object, path = ''): string[] =>
      Object.entries(texts).flatMap(([key, text]) =>
        typeof text === 'object' ? paths(text, `${path}${key}.`) : [`${path}${key} ${typeof text}`],
      )
    const strings = (texts: object): string[] =>
      Object.values(texts).flatMap(text =>
        typeof text === 'string' ? [text] : typeof text === 'object' ? strings(text) : [],
      )
    expect(paths(languages.de)).toEqual(paths(languages.en))
    for (const texts of Object.values(languages)) expect(strings(texts).filter(text => text.trim() === '')).toEqual([])
  })

  it('say every kind of notice, and no two alike', () => {
    for (const { findings } of Object.values(languages)) {
      const said = NoticeKind.options.map(kind => findings[kind]!('full'))
      expect(new Set(said).size).toBe(NoticeKind.options.length)
    }
  })

  it('count one and many', () => {
    const { answer } = languages.en
    expect(answer.safe(214, '214', 37, '37')).toBe('All 214 sources of 37 customers are safe')
    expect(answer.safe(2, '2', 1, '1')).toBe('All 2 sources of 1 customer are safe')
    expect(answer.needs(1, '1', '214')).toBe('1 of 214 sources needs you')
    expect(answer.needs(3, '3', '214')).toBe('3 of 214 sources need you')
  })
})

describe('a month', () => {
  it('is one of those since the first, newest first, by UTC', () => {
    expect(monthsBetween(Date.parse('2025-11-30T23:59:59Z'), Date.parse('2026-02-01T00:00:00Z'))).toEqual([
      ...['202602', '202601', '202512', '202511'],
    ])
    expect(monthName('de-DE', '202603')).toBe('März 2026')
  })
})

describe('what is searched', () => {
  it('holds every word, in any order and case', () => {
    expect(matching('SHOP acme')('The Acme Shop')).toBe(true)
    expect(matching('shop zeta')('The Acme Shop')).toBe(false)
    expect(matching('  ')('anything')).toBe(true)
  })
})

describe('the wish for a restore link', () => {
  const form = { source: 'S', expiresSeconds: 3600, uses: '', passcode: '', since: '', until: '', addresses: '' }
  const wishOf = (changed: object) => linkWishOf('acme', { ...form, ...changed }, 'Europe/Berlin')

  it('names only what was written, as the receiver takes it', () => {
    expect(wishOf({})).toEqual({ wish: { tenant: 'acme', source: 'S', expiresSeconds: 3600 } })
    const result = wishOf({
      ...{ uses: '3', passcode: 'three words here', addresses: '192.0.2.7, 2001:db8::/32' },
      ...{ since: '2026-11-05T14:10', until: '2026-11-06T00:00' },
    })
    expect(result).toEqual({
      wish: {
        ...{ tenant: 'acme', source: 'S', expiresSeconds: 3600, uses: 3, passcode: 'three words here' },
        ...{ since: '2026-11-05T13:10:00.000Z', until: '2026-11-05T23:00:00.000Z' },
        addresses: ['192.0.2.7', '2001:db8::/32'],
      },
    })
    expect(AdminLinkRequest.safeParse('wish' in result && result.wish).success).toBe(true)
  })

  it('holds both of an hour that came twice, and none that never was', () => {
    const twice = '2026-10-25T02:30'
    expect(wishOf({ since: twice, until: twice })).toMatchObject({
      wish: { since: '2026-10-25T00:30:00.000Z', until: '2026-10-25T01:30:00.000Z' },
    })
    expect(wishOf({ since: '2026-03-29T02:30' })).toEqual({ wrong: 'never' })
    expect(wishOf({ since: '2026-11-06T00:00', until: '2026-11-05T00:00' })).toEqual({ wrong: 'order' })
  })
})
