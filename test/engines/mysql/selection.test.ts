import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { Choice, exactly } from '../../../uploader/engines/mysql/selection/pattern.ts'
import { recordedChoice, recordOf } from '../../../uploader/engines/mysql/selection/record.ts'
import { Selection } from '../../../uploader/engines/mysql/selection/selection.ts'
import { seed, times } from '../../support/counts.ts'

const selection = (choice: { include?: string[]; exclude?: string[] }, lowerCaseTableNames = 0) =>
  new Selection(Choice.parse(choice), lowerCaseTableNames)

/** What a glob means, as simply as it can be said. */
function matches([sign, ...rest]: string[], [letter, ...letters]: string[]): boolean {
  if (sign === undefined) return letter === undefined
  if (sign === '*')
    return (
      matches(rest, letter === undefined ? [] : [letter, ...letters]) ||
      (letter !== undefined && matches([sign, ...rest], letters))
    )
  return letter !== undefined && (sign === '?' || sign === letter) && matches(rest, letters)
}

describe('a pattern', () => {
  const letter = fc.constantFrom('a', 'b', 'A', '_', '-', '$', '^', '\\', '[', ' ', '\n', 'é', '😀', '+', '(')
  const glob = fc.array(fc.oneof(letter, fc.constantFrom('*', '?')), { minLength: 1, maxLength: 8 })
  const name = fc.array(letter, { maxLength: 8 })

  test('matches a name as the model does, and its literal twin matches nothing else', () => {
    fc.assert(
      fc.property(glob, glob, name, name, (d, t, database, table) => {
        const pattern = `${d.join('')}.${t.join('')}`
        const chosen = selection({ include: [pattern] }).has(database.join(''), table.join(''))
        expect(chosen).toBe(matches(d, database) && matches(t, table))
        const literal = exactly(d.join(''), t.join(''))
        expect(selection({ include: [literal.text] }).has(d.join(''), t.join(''))).toBe(true)
        expect(selection({ include: [literal.text] }).has(database.join(''), table.join(''))).toBe(
          d.join('') === database.join('') && t.join('') === table.join(''),
        )
      }),
      { seed, numRuns: times(5000) },
    )
  })

  test.each([
    ['shop', 'shop', 'orders', true],
    ['shop', 'shopping', 'orders', false],
    ['shop.*', 'shop', 'orders', true],
    ['shop.o*', 'shop', 'lines', false],
    ['log.2026_*', 'log', '2026_11', true],
    ['`a.b`.`c.*`', 'a.b', 'c.*', true],
    ['`a.b`.`c.*`', 'a.b', 'c.d', false],
    ['`web.`*.t', 'web.shop', 't', true],
    ['`a``b`.t', 'a`b', 't', true],
    ['*.tmp_?', 'any', 'tmp_1', true],
    ['*.tmp_?', 'any', 'tmp_10', false],
  ])('%s: %s.%s is in: %s', (pattern, database, table, chosen) => {
    expect(selection({ include: [pattern] }).has(database, table)).toBe(chosen)
  })

  test.each(['', '.', 'a.', '.b', 'a.b.c', '`a', 'a`b', '``'])('%j is refused, with the reason', pattern => {
    const parsed = mysql.settings.safeParse({ connection: { user: 'b' }, include: [pattern] })
    expect(parsed.error?.issues[0]).toMatchObject({
      path: ['include', 0],
      message: expect.stringMatching(/is no pattern of databases or tables: (it|a) /),
    })
  })
})

describe('a selection', () => {
  test('of nothing said is everything; an empty list is refused, for it would be nothing', () => {
    expect(selection({}).whole('shop')).toBe(true)
    expect(mysql.settings.safeParse({ connection: { user: 'b' }, include: [] }).success).toBe(false)
    expect(mysql.settings.safeParse({ connection: { user: 'b' }, exclude: [] }).success).toBe(true)
  })

  test('leaves out what is excluded, whatever includes it', () => {
    const chosen = selection({ include: ['shop', 'shop.orders', 'crm.clients'], exclude: ['shop.orders', 'crm'] })
    expect(['orders', 'lines'].map(table => chosen.has('shop', table))).toEqual([false, true])
    expect(chosen.has('crm', 'clients')).toBe(false)
    expect(['shop', 'crm'].map(name => chosen.holds(name))).toEqual([true, false])
  })

  test('of tables holds the definition of their database, and not what belongs to all of it', () => {
    const chosen = selection({ include: ['log.2026_*', 'shop'] })
    expect(['log', 'shop', 'crm'].map(name => [chosen.holds(name), chosen.whole(name)])).toEqual([
      [true, false],
      [true, true],
      [false, false],
    ])
  })

  test('compares names as the server does', () => {
    expect(selection({ include: ['Shop.Orders'] }, 0).has('shop', 'orders')).toBe(false)
    for (const folding of [1, 2]) expect(selection({ include: ['Shop.O*'] }, folding).has('shop', 'ORDERS')).toBe(true)
  })

  test('comes back from the entry of a full as it was, and is not there where it is everything', () => {
    const info = (choice: object) => recordOf(Choice.parse(choice))
    for (const everything of [{}, { include: ['shop', '*'] }, { include: ['*.*'] }])
      expect(info(everything)).toBeUndefined()
    const choice = Choice.parse({ include: ['a', '`b.c`.*_x'], exclude: ['*.tmp_?'] })
    const position = { stream: 's', at: '1' }
    const time = '2026-11-22T10:15:00Z'
    const entry = {
      unit: 'server',
      kind: 'full' as const,
      base: null,
      from: null,
      to: position,
      covers: { from: time, to: time },
    }
    expect(recordedChoice({ ...entry, info: { selection: recordOf(choice)! } })).toEqual(choice)
    expect(recordOf(recordedChoice(entry))).toBeUndefined()
  })
})
