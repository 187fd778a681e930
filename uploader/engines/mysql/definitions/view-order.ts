import { quoteName } from '../sql/quote.ts'
import { callsFunction, type View } from './views.ts'

export interface ViewOf {
  database: string
  view: View
}

/**
 * Views in groups: what a view needs is in its group and comes before it, so that groups can be loaded in any order. Stand-ins alone are not enough: a
 * view that can be written through (CHECK OPTION, MERGE) must find the real one below it. The server names views in full in its text,
 * so a view needs those whose quoted names are in it, and all of its database where it calls a function.
 */
export function inGroups(views: readonly ViewOf[]): ViewOf[][] {
  const nodes = views.map(of => ({ of, name: Buffer.from(`${quoteName(of.database)}.${quoteName(of.view.name)}`) }))
  const needs = new Map(
    nodes.map(node => [
      node,
      nodes.filter(
        other => other !== node && (node.of.view.usable?.statement.includes(other.name) || mayRead(node.of, other.of)),
      ),
    ]),
  )
  const groups = new Map<(typeof nodes)[number], typeof nodes>()
  for (const node of depthFirst(nodes, each => needs.get(each)!)) {
    const needed = new Set(needs.get(node)!.flatMap(other => [groups.get(other) ?? []]))
    const group = [...[...needed].flat(), node]
    for (const member of group) groups.set(member, group)
  }
  return [...new Set(groups.values())].map(group => group.map(({ of }) => of))
}

/** By way of a function. */
function mayRead(one: ViewOf, other: ViewOf): boolean {
  return callsFunction(one.view) && one.database === other.database
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
