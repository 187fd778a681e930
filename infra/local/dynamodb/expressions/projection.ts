import { type Attributes, type AttributeValue, attributeOf } from '../values/attribute.ts'
import { Parser } from './parser.ts'
import { clashOf, type Path } from './path.ts'
import type { Placeholders } from './placeholders.ts'

/** @throws ValidationException */
export function parseProjection(source: string, placeholders: Placeholders): Path[] {
  const parser = new Parser('ProjectionExpression', source, placeholders)
  const paths = [parser.path()]
  while (parser.accept(',')) paths.push(parser.path())
  parser.expectEnd()
  const clash = clashOf(paths)
  if (clash) throw parser.wrong(clash)
  return paths
}

/** The parts of an item that the paths name; elements of a list keep their order and close up. */
export function project(item: Attributes, paths: Path[]): Attributes {
  return pickMembers(item, paths)
}

function pick(value: AttributeValue, rests: Path[]): AttributeValue | undefined {
  if (rests.some(rest => rest.length === 0)) return value
  if ('M' in value) {
    const members = pickMembers(value.M, rests)
    return Object.keys(members).length > 0 ? { M: members } : undefined
  }
  if (!('L' in value)) return undefined
  const elements = [...stepsOf(rests)]
    .filter((entry): entry is [number, Path[]] => typeof entry[0] === 'number')
    .sort(([a], [b]) => a - b)
    .flatMap(([index, deeper]) => {
      const element = value.L[index]
      const picked = element && pick(element, deeper)
      return picked ? [picked] : []
    })
  return elements.length > 0 ? { L: elements } : undefined
}

function pickMembers(members: Attributes, paths: Path[]): Attributes {
  const entries = [...stepsOf(paths)].flatMap(([name, deeper]) => {
    const value = typeof name === 'string' ? attributeOf(members, name) : undefined
    const picked = value && pick(value, deeper)
    return picked ? [[name, picked] as const] : []
  })
  return Object.fromEntries(entries)
}

/** The next steps of some paths, each with what remains behind it. */
function stepsOf(paths: Path[]): Map<string | number, Path[]> {
  const steps = new Map<string | number, Path[]>()
  for (const [step, ...rest] of paths) if (step !== undefined) steps.set(step, [...(steps.get(step) ?? []), rest])
  return steps
}
