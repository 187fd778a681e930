import fc from 'fast-check'

/** What nobody would send who means well. */
const strings = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  'a\ud800b',
  '\u202egnp.exe',
  '\u200b',
  '\ufeff',
  '\u0661\u0662',
  'e\u0301',
  '\u00e9',
  '\uff0e\uff0e\uff0f',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  'İ',
  'K',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '../../etc/passwd',
  '..',
  '.',
  '/',
  'a/b',
  '%2e%2e%2f',
  '%00',
  '$'.concat('{jndi:ldap://x}'),
  '{{7*7}}',
  "' OR '1'='1",
  '#PK',
  ':PK',
  'T#tenant',
  'null',
  'undefined',
  'NaN',
  '1e309',
  '-0',
  '9007199254740993',
  '0x10',
  '<script>alert(1)</script>',
  '\r\nx-injected: 1',
  'A'.repeat(10_000),
  'é'.repeat(20_000),
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '01arz3ndektsv4rrffq69g5fav',
  '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
  '01ARZ3NDEKTSV4RRFFQ69G5FAV.01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '0000-00-00T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '2026-02-30T00:00:00Z',
  '2026-11-22T24:00:00+14:00',
]
const numbers = [0, -0, -1, 0.5, 1e21, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 31, -(2 ** 63), Number.MAX_SAFE_INTEGER]

function nested(depth: number, kind: 'array' | 'object'): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = kind === 'array' ? [value] : { a: value }
  return value
}

export const hostileString = fc.oneof(
  fc.constantFrom(...strings),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(code => String.fromCharCode(code)), maxLength: 20 }),
)

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileString,
  fc.constantFrom(...numbers),
  fc.constantFrom(null, true, false, [], {}, [[]], [null], { length: 1 }, { toJSON: 'x' }),
  fc.constant(JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": {"admin": true}}}')),
  fc.constantFrom(nested(200, 'array'), nested(200, 'object'), nested(1000, 'array')),
  fc.constant(Array.from({ length: 3000 }, (_, i) => i)),
  fc.jsonValue({ maxDepth: 3 }),
)

type Path = (string | number)[]

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsIn(each, [...path, key]))]
}

function changed(value: any, [head, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (head === undefined) return change(value)
  const copy = Array.isArray(value) ? [...value] : { ...value }
  copy[head] = changed(copy[head], rest, change)
  return copy
}

/** A valid body with one field made wrong: another value, nothing, a list of it, or something beside it. */
export function mutated(valid: unknown): fc.Arbitrary<unknown> {
  return fc
    .record({
      path: fc.constantFrom(...pathsIn(valid)),
      hostile: hostileValue,
      name: hostileString,
      how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'list', 'add', 'beside', 'nothing'),
    })
    .map(({ path, hostile, name, how }) =>
      changed(valid, path, value => {
        switch (how) {
          case 'replace':
            return hostile
          case 'remove':
            return undefined
          case 'list':
            return [value, value]
          case 'add':
            return typeof value === 'string' ? `${value}${name}` : [hostile, value]
          case 'beside':
            return typeof value === 'object' && value !== null ? { ...value, [name]: hostile } : hostile
          default:
            return value
        }
      }),
    )
}
