import type { Level } from './ledger.ts'

/** How many snapshots make a level, and how many are needed before one can stand out. */
const window = 7
const least = 3

/**
 * When a snapshot stands out from the median of those before it: by this factor, up or down, and by this many bytes. Logs come and go with the
 * day's work, so that only what is out of all proportion counts.
 */
const oddness = {
  full: { factor: 3, bytes: 100 * 1024 ** 2 },
  log: { factor: 20, bytes: 1024 ** 3 },
} as const

export type SizedKind = keyof typeof oddness

/**
 * A level with one more snapshot. It is odd from the first that stands out until one is as before, or until seven in a row are not: they are
 * the level then.
 */
export function withSize(kind: SizedKind, { usual, odd }: Level, bytes: number): Level {
  if (!standsOut(kind, usual, bytes)) return { usual: [...usual, bytes].slice(-window), odd: [] }
  const changed = [...odd, bytes]
  return changed.length >= window ? { usual: changed, odd: [] } : { usual, odd: changed }
}

export function medianOf(sizes: number[]): number {
  const sorted = sizes.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function standsOut(kind: SizedKind, usual: number[], bytes: number): boolean {
  if (usual.length < least) return false
  const median = medianOf(usual)
  const { factor, bytes: apart } = oddness[kind]
  return (bytes > median * factor || bytes < median / factor) && Math.abs(bytes - median) >= apart
}
