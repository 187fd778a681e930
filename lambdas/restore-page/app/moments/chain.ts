/** A list of which the middle is folded away: the first and the last of it, and how many are not shown. */
export interface Folded<T> {
  head: T[]
  hidden: number
  tail: T[]
}

/** @param most shown without folding; then two at the beginning and the rest of it at the end */
export function fold<T>(items: readonly T[], most = 7): Folded<T> {
  if (items.length <= most) return { head: [...items], hidden: 0, tail: [] }
  const tail = items.slice(-(most - 3))
  return { head: items.slice(0, 2), hidden: items.length - 2 - tail.length, tail }
}
