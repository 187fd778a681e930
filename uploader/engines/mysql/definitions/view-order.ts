import { quoteName } from '../sql/quote.ts'
import { callsFunction, type View } from './views.ts'

export interface ViewOf {
  database: string
  view: View
}

interface Node {
  of: ViewOf
  /** Those whose names are in its text. */
  named: Node[]
}

/**
 * Views in groups: what a view needs is in its group and comes before it, so that groups can be loaded in any order. Stand-ins alone are not enough: a
 * view that can be written through (CHECK OPTION, MERGE) must find the real one below it. The server names views in full in its text,
 * so a view needs those whose quoted names are in it. Where it calls a function, that may read any view of its database: these come before it too, but for
 * those that need it themselves.
 */
export function inGroups(views: readonly ViewOf[]): ViewOf[][] {
  const nodes = views.map((of): Node => ({ of, named: [] }))
  for (const node of nodes)
    node.named = nodes.filter(other => other !== node && node.of.view.usable?.statement.includes(fullName(other.of)))
  const read = new Map(nodes.map(node => [node, nodes.filter(other => mayRead(node.of, other.of))]))
  const groups = new Map<Node, Node[]>()
  const sorted = depthFirst(nodes, node => [...node.named, ...read.get(node)!.filter(other => !needs(other, node))])
  for (const node of sorted) {
    const together = new Set([node, ...node.named, ...read.get(node)!].map(each => groups.get(each) ?? [each]))
    const group = [...together].flat()
    for (const member of group) groups.set(member, group)
  }
  const places = new Map(sorted.map((node, index) => [node, index]))
  return [...new Set(groups.values())].map(group =>
    group.toSorted((one, other) => places.get(one)! - places.get(other)!).map(({ of }) => of),
  )
}

function fullName({ database, view }: ViewOf): Buffer {
  return Buffer.from(`${quoteName(database)}.${quoteName(view.name)}`)
}

/** By way of a function, which reads views of its own database as a rule: the one of the calling view, or one that this names. */
function mayRead(one: ViewOf, other: ViewOf): boolean {
  if (one === other || !callsFunction(one.view) || other.view.usable === null) return false
  return one.database === other.database || one.view.usable!.statement.includes(`${quoteName(other.database)}.`)
}

/** Whether `wanted` is named by `node`, or by what that names. */
function needs(node: Node, wanted: Node): boolean {
  return depthFirst([node], each => each.named).includes(wanted)
}

/** Each after those it needs; a circle (by a name in a string) is cut somewhere. */
function depthFirst<T>(items: T[], needs: (item: T) => T[]): T[] {
  const visited = new Set<T>()
  const sorted: T[] = []
  const visit = (item: T) => {
    if (visited.has(item)) return
    visited.add(item)
    for (const needed of needs(item)) visit(needed)
    sorted.push(item)
  }
  for (const item of items) visit(item)
  return sorted
}
