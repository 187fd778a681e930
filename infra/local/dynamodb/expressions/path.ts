import { type Attributes, type AttributeValue, attributeOf } from '../values/attribute.ts'

/** A document path, names resolved: `a.b[0]` is `['a', 'b', 0]`. Its head is always a name. */
export type Path = (string | number)[]

export function valueAt(item: Attributes, path: Path): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item }
  for (const step of path) {
    value = value && memberOf(value, step)
  }
  return value
}

function memberOf(value: AttributeValue, step: string | number): AttributeValue | undefined {
  if (typeof step === 'number') return 'L' in value ? value.L[step] : undefined
  return 'M' in value ? attributeOf(value.M, step) : undefined
}

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i])
}

/** As AWS prints it in messages: `[a, b, [0]]`. */
export function printPath(path: Path): string {
  return `[${path.map(step => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`
}

/** Says why two paths cannot stand in one update or projection: one holds the other, or they read one place in two ways. */
export function clashOf(paths: Path[]): string | undefined {
  for (const [i, second] of paths.entries()) {
    for (const first of paths.slice(0, i)) {
      const clash = clashOfTwo(first, second)
      if (clash)
        return (
          `Two document paths ${clash} with each other; must remove or rewrite one of these paths; ` +
          `path one: ${printPath(first)}, path two: ${printPath(second)}`
        )
    }
  }
  return undefined
}

function clashOfTwo(first: Path, second: Path): 'overlap' | 'conflict' | undefined {
  for (const [i, step] of first.entries()) {
    const other = second[i]
    if (other === undefined) return 'overlap'
    if (typeof step !== typeof other) return 'conflict'
    if (step !== other) return undefined
  }
  return 'overlap'
}
