import { quoteName } from '../sql/quote.ts'
import type { View } from './views.ts'

/**
 * Databases, and in each its views, so that what a view needs comes before it. Stand-ins alone are not enough: a view that can be written
 * through (CHECK OPTION, MERGE) must find the real one below it. The server names views in full in its text, so a view needs
 * those whose quoted names are in it.
 */
export function inOrder(views: Map<string, View[]>): [string, View[]][] {
  const all = [...views].flatMap(([database, list]) =>
    list.map(view => ({ database, view, name: Buffer.from(`${quoteName(database)}.${quoteName(view.name)}`) })),
  )
  const needs = new Map(
    all.map(node => [node, all.filter(other => other !== node && node.view.usable?.statement.includes(other.name))]),
  )
  const sorted = depthFirst(all, node => needs.get(node)!)
  const databases = depthFirst([...views.keys()], database =>
    sorted.filter(node => node.database === database).flatMap(node => needs.get(node)!.map(other => other.database)),
  )
  return databases.map(database => [
    database,
    sorted.filter(node => node.database === database).map(({ view }) => view),
  ])
}

/** Each after those it needs; a circle (between databases, or by a name in a string) is cut somewhere. */
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
