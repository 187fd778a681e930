import { type Document, isMap, isNode, type LineCounter, type Node } from 'yaml'
import type { z } from 'zod'

/**
 * Says what is wrong in a configuration file, one sentence per finding: line, path, reason.
 * @param prefix path of the part of the document that the schema read
 */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  document: Document,
  counter: LineCounter,
  prefix: readonly PropertyKey[] = [],
): string[] {
  return issues.flatMap(issue => {
    const path = [...prefix, ...issue.path]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map(key =>
        sentence([...path, key], 'this key is not known', keyLine(document, counter, path, key)),
      )
    if (issue.code === 'invalid_union' && issue.errors.length > 0 && issue.message === 'Invalid input') {
      const closest = issue.errors.reduce((a, b) => (b.length < a.length ? b : a))
      return describeIssues(closest, document, counter, path)
    }
    return [sentence(path, issue.message, lineOf(document, counter, path))]
  })
}

function sentence(path: readonly PropertyKey[], reason: string, line: number | undefined): string {
  const where = path.length === 0 ? '' : `${path.map(String).join('.')}: `
  return line === undefined ? `${where}${reason}` : `line ${line}: ${where}${reason}`
}

/** The line of what stands at `path`, or of the nearest thing around it that is there. */
function lineOf(document: Document, counter: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const around = path.slice(0, length)
    const key = around.at(-1)
    const line = key === undefined ? undefined : keyLine(document, counter, around.slice(0, -1), key)
    if (line !== undefined) return line
    const node = document.getIn(around, true)
    if (isNode(node)) return startLine(node, counter)
  }
  return undefined
}

function keyLine(
  document: Document,
  counter: LineCounter,
  parent: readonly PropertyKey[],
  key: PropertyKey,
): number | undefined {
  const map = parent.length === 0 ? document.contents : document.getIn(parent, true)
  if (!isMap(map)) return undefined
  const pair = map.items.find(item => isNode(item.key) && String(item.key) === String(key))
  return pair && isNode(pair.key) ? startLine(pair.key, counter) : undefined
}

function startLine(node: Node, counter: LineCounter): number | undefined {
  return node.range ? counter.linePos(node.range[0]).line : undefined
}
