import fc from 'fast-check'

/**
 * A tiny second opinion on expressions: items of plain JavaScript values, conditions and updates as functions on them, and their text
 * beside them. Nothing of the server is used here.
 */
export interface Item {
  n?: number
  o?: number
  s?: string
  ss?: string[]
  l?: number[]
  m?: { x?: number; y?: number }
}

/** An expression that collects its values in `values` when it is written. */
interface Written {
  text: (values: unknown[]) => string
}

export interface Condition extends Written {
  holds: (item: Item) => boolean
}

export interface Update {
  clause: 'SET' | 'REMOVE' | 'ADD' | 'DELETE'
  text: (values: unknown[]) => string
  /** Changes `item` as seen in `before`. @returns false when the item does not fit */
  apply: (item: Item, before: Item) => boolean
}

type Scalar = number | string

const number = fc.integer({ min: -3, max: 3 })
const string = fc.constantFrom<string>('', 'a', 'ab', 'abc', 'b', 'é')
const set = fc.uniqueArray(fc.constantFrom<string>('a', 'ab', 'b'), { minLength: 1 })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

export const items: fc.Arbitrary<Item> = fc
  .record({
    n: maybe(number),
    o: maybe(number),
    s: maybe(string),
    ss: maybe(set),
    l: maybe(fc.array(number, { maxLength: 3 })),
    m: maybe(fc.record({ x: maybe(number), y: maybe(number) })),
  })
  .map(item => clean(item) as Item)

interface Operand {
  text: (values: unknown[]) => string
  read: (item: Item) => unknown
}

const literal = (value: unknown): Operand => ({
  text: values => `:v${values.push(value) - 1}`,
  read: () => value,
})
const path = (text: string, read: (item: Item) => unknown): Operand => ({ text: () => text, read })

const paths = [
  path('n', item => item.n),
  path('o', item => item.o),
  path('s', item => item.s),
  path('m.x', item => item.m?.x),
  path('m.y', item => item.m?.y),
  path('l[0]', item => item.l?.[0]),
  path('l[2]', item => item.l?.[2]),
  path('nowhere', () => undefined),
]
const scalar = fc.oneof(number, string)
const somePath = fc.constantFrom(...paths)
const sized = fc.constantFrom(
  path('size(ss)', item => item.ss?.length),
  path('size(l)', item => item.l?.length),
  path('size(m)', item => item.m && Object.keys(item.m).length),
)

const comparison = fc
  .record({
    left: fc.oneof(somePath, sized),
    operator: fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
    right: scalar.map(literal),
    mirrored: fc.boolean(),
  })
  .map(({ left, operator, right, mirrored }): Condition => {
    const [first, second] = mirrored ? [right, left] : [left, right]
    return {
      text: values => `${first.text(values)} ${operator} ${second.text(values)}`,
      holds: item => compare(operator, first.read(item), second.read(item)),
    }
  })

const twoPaths = fc
  .tuple(fc.uniqueArray(somePath, { minLength: 2, maxLength: 2 }), fc.constantFrom('=', '<', '>='))
  .map(
    ([[left, right], operator]): Condition => ({
      text: values => `${left!.text(values)} ${operator} ${right!.text(values)}`,
      holds: item => compare(operator, left!.read(item), right!.read(item)),
    }),
  )

const between = fc
  .record({ operand: somePath, bounds: fc.tuple(number, number) })
  .map(({ operand, bounds }): Condition => {
    const [lower, upper] = bounds.sort((a, b) => a - b)
    return {
      text: values =>
        `${operand.text(values)} BETWEEN ${literal(lower).text(values)} AND ${literal(upper).text(values)}`,
      holds: item => compare('>=', operand.read(item), lower) && compare('<=', operand.read(item), upper),
    }
  })

const within = fc.record({ operand: somePath, choices: fc.array(scalar, { minLength: 1, maxLength: 3 }) }).map(
  ({ operand, choices }): Condition => ({
    text: values => `${operand.text(values)} IN (${choices.map(choice => literal(choice).text(values)).join(', ')})`,
    holds: item => choices.includes(operand.read(item) as Scalar),
  }),
)

const functions = fc.oneof(
  somePath.map(
    (operand): Condition => ({
      text: values => `attribute_exists(${operand.text(values)})`,
      holds: item => operand.read(item) !== undefined,
    }),
  ),
  somePath.map(
    (operand): Condition => ({
      text: values => `attribute_not_exists(${operand.text(values)})`,
      holds: item => operand.read(item) === undefined,
    }),
  ),
  fc.tuple(somePath, fc.constantFrom('N', 'S')).map(
    ([operand, type]): Condition => ({
      text: values => `attribute_type(${operand.text(values)}, ${literal(type).text(values)})`,
      holds: item => typeof operand.read(item) === (type === 'N' ? 'number' : 'string'),
    }),
  ),
  fc.tuple(fc.constantFrom(...paths.slice(0, 4)), string).map(
    ([operand, prefix]): Condition => ({
      text: values => `begins_with(${operand.text(values)}, ${literal(prefix).text(values)})`,
      holds: item => String(operand.read(item) ?? '\0').startsWith(prefix) && typeof operand.read(item) === 'string',
    }),
  ),
  scalar.map(
    (element): Condition => ({
      text: values => `contains(ss, ${literal(element).text(values)})`,
      holds: item => item.ss?.includes(element as string) ?? false,
    }),
  ),
  scalar.map(
    (element): Condition => ({
      text: values => `contains(l, ${literal(element).text(values)})`,
      holds: item => item.l?.includes(element as number) ?? false,
    }),
  ),
)

export const conditions = fc.letrec<{ any: Condition }>(tie => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    twoPaths,
    between,
    within,
    functions,
    fc.tuple(tie('any'), fc.constantFrom('AND', 'OR'), tie('any')).map(
      ([left, operator, right]): Condition => ({
        text: values => `(${left.text(values)}) ${operator} (${right.text(values)})`,
        holds: item =>
          operator === 'AND' ? left.holds(item) && right.holds(item) : left.holds(item) || right.holds(item),
      }),
    ),
    tie('any').map(
      (inner): Condition => ({
        text: values => `NOT (${inner.text(values)})`,
        holds: item => !inner.holds(item),
      }),
    ),
  ),
})).any

const onNumber = (name: 'n' | 'o') =>
  fc.oneof(
    number.map(
      (value): Update => ({
        clause: 'SET',
        text: values => `${name} = ${literal(value).text(values)}`,
        apply: item => assign(item, name, value),
      }),
    ),
    number.map(
      (value): Update => ({
        clause: 'SET',
        text: values => `${name} = if_not_exists(${name}, ${literal(value).text(values)})`,
        apply: (item, before) => assign(item, name, before[name] ?? value),
      }),
    ),
    fc.tuple(fc.constantFrom('n', 'o'), fc.constantFrom('+', '-'), number).map(
      ([from, sign, value]): Update => ({
        clause: 'SET',
        text: values => `${name} = ${from} ${sign} ${literal(value).text(values)}`,
        apply: (item, before) => {
          const old = before[from as 'n' | 'o']
          return old !== undefined && assign(item, name, sign === '+' ? old + value : old - value)
        },
      }),
    ),
    number.map(
      (value): Update => ({
        clause: 'ADD',
        text: values => `${name} ${literal(value).text(values)}`,
        apply: (item, before) => assign(item, name, (before[name] ?? 0) + value),
      }),
    ),
    fc.constant<Update>({ clause: 'REMOVE', text: () => name, apply: item => assign(item, name, undefined) }),
  )

const onSet = fc.tuple(fc.constantFrom('ADD', 'DELETE'), set).map(
  ([clause, elements]): Update => ({
    clause: clause as 'ADD' | 'DELETE',
    text: values => `ss ${literal(new Set(elements)).text(values)}`,
    apply: (item, before) => {
      const old = before.ss ?? []
      const left = old.filter(element => !elements.includes(element))
      const result = clause === 'ADD' ? [...left, ...elements] : left
      return assign(item, 'ss', result.length > 0 ? result : undefined)
    },
  }),
)

const index = fc.nat(4)
const onList = fc.oneof(
  fc.tuple(fc.array(number, { maxLength: 2 }), fc.boolean()).map(
    ([more, front]): Update => ({
      clause: 'SET',
      text: values =>
        front
          ? `l = list_append(${literal(more).text(values)}, l)`
          : `l = list_append(l, ${literal(more).text(values)})`,
      apply: (item, before) =>
        before.l !== undefined && assign(item, 'l', front ? [...more, ...before.l] : [...before.l, ...more]),
    }),
  ),
  fc.tuple(index, number).map(
    ([at, value]): Update => ({
      clause: 'SET',
      text: values => `l[${at}] = ${literal(value).text(values)}`,
      apply: (item, before) =>
        before.l !== undefined &&
        assign(item, 'l', at < before.l.length ? before.l.with(at, value) : [...before.l, value]),
    }),
  ),
  fc.uniqueArray(index, { minLength: 1, maxLength: 3 }).map(
    (gone): Update => ({
      clause: 'REMOVE',
      text: () => gone.map(at => `l[${at}]`).join(', '),
      apply: (item, before) =>
        before.l !== undefined &&
        assign(
          item,
          'l',
          before.l.filter((_, at) => !gone.includes(at)),
        ),
    }),
  ),
)

const onMap = fc.tuple(fc.constantFrom<'x' | 'y'>('x', 'y'), maybe(number)).map(
  ([name, value]): Update => ({
    clause: value === undefined ? 'REMOVE' : 'SET',
    text: values => (value === undefined ? `m.${name}` : `m.${name} = ${literal(value).text(values)}`),
    apply: (item, before) => before.m !== undefined && assign(item, 'm', clean({ ...before.m, [name]: value })),
  }),
)

/** At most one action for each attribute, in any order. */
export const updates: fc.Arbitrary<Update[]> = fc
  .tuple(maybe(onNumber('n')), maybe(onNumber('o')), maybe(onSet), maybe(onList), maybe(onMap))
  .map(actions => actions.filter(action => action !== undefined))
  .filter(actions => actions.length > 0)

export function writeUpdate(update: Update[], values: unknown[]): string {
  const clauses = (['DELETE', 'SET', 'ADD', 'REMOVE'] as const).flatMap(clause => {
    const actions = update.filter(action => action.clause === clause)
    return actions.length > 0 ? [`${clause} ${actions.map(action => action.text(values)).join(', ')}`] : []
  })
  return clauses.join(' ')
}

/** @returns undefined when the update does not fit the item */
export function updated(before: Item, update: Update[]): Item | undefined {
  const item = { ...before }
  return update.every(action => action.apply(item, before)) ? (clean(item) as Item) : undefined
}

function assign<Name extends keyof Item>(item: Item, name: Name, value: Item[Name] | undefined): true {
  if (value === undefined) delete item[name]
  else item[name] = value
  return true
}

function compare(operator: string, left: unknown, right: unknown): boolean {
  if (operator === '=') return left !== undefined && left === right
  if (operator === '<>') return left === undefined || left !== right
  if (left === undefined || typeof left !== typeof right) return false
  const [a, b] = [left as Scalar, right as Scalar]
  return operator === '<' ? a < b : operator === '<=' ? a <= b : operator === '>' ? a > b : a >= b
}

/** Without members that are undefined. */
function clean<T extends object>(value: T): T {
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(kept.map(([name, inner]) => [name, isRecord(inner) ? clean(inner) : inner])) as T
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
