import { isAbsolute, join, relative } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { problemWithName, requireSafeNames } from '../../shared/restore/names.ts'
import { seed, times } from '../support/counts.ts'

test.each([
  ['an absolute path', '/etc/passwd'],
  ['a way out', '../x'],
  ['a way out further in', 'a/../../x'],
  ['a folder that is the folder itself', 'a/./b'],
  ['an empty part', 'a//b'],
  ['a trailing slash', 'a/'],
  ['a backslash', 'a\\..\\b'],
  ['a drive', 'C:x'],
  ['a stream of NTFS', 'file.sql:hidden'],
  ['a NUL', 'a\0b'],
  ['a line break', 'a\nb'],
  ['a device of Windows', 'NUL'],
  ['a device with an extension', 'shop/con.sql'],
  ['a numbered device', 'com1.txt'],
  ['a trailing dot', 'shop./a'],
  ['a trailing space', 'shop /a'],
  ['a name of the restore itself', '.failsafe-partial-x/a'],
  ['a part that is too long', `${'é'.repeat(128)}.sql`],
])('%s is no name of a file', (_what, name) => {
  expect(problemWithName(name)).toBeTypeOf('string')
  expect(() => requireSafeNames([name], false)).toThrow(/is refused/)
})

test.each(['a', 'shop/orders.00001.sql', 'shop%2Fx/…ü.sql', '.hidden', 'console.sql', 'a b'])(
  '%s is a name of a file',
  name => {
    expect(problemWithName(name)).toBeUndefined()
  },
)

test('a name that occurs twice is refused', () => {
  expect(() => requireSafeNames(['a', 'b', 'a'], false)).toThrow()
})

test('names that differ in case alone are one file on Windows and two on Linux', () => {
  expect(() => requireSafeNames(['shop/A', 'shop/a'], true)).toThrow()
  expect(() => requireSafeNames(['shop/A', 'shop/a'], false)).not.toThrow()
})

test('a name cannot be a file and a folder', () => {
  expect(() => requireSafeNames(['a/b', 'a'], false)).toThrow(/"a" is refused/)
})

test('no name that passes leads out of its directory', () => {
  const part = fc.constantFrom('..', '.', '', 'a', '/', '\\', 'C:', '\0', ' ', '%2e%2e', '...', '~')
  const name = fc.oneof(
    fc.string(),
    fc.array(part).map(parts => parts.join('/')),
    fc.array(part).map(parts => parts.join('')),
  )
  fc.assert(
    fc.property(name, text => {
      if (problemWithName(text) !== undefined) return
      const inside = relative('/srv/out', join('/srv/out', text))
      expect(inside).toBe(text)
      expect(isAbsolute(inside) || inside.startsWith('../')).toBe(false)
    }),
    { seed, numRuns: times(10_000) },
  )
})
