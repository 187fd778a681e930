import type { UnitEntry } from '../../shared/snapshot.ts'

/**
 * The moments that a snapshot adds for every one of its units: a log leads from its start to its end, a full or differential to its end only. Where units end
 * at different moments, the earliest end is the last that all of them reach.
 */
export function restorable(units: UnitEntry[]): { from: string; to: string } {
  const earliest = (a: string, b: string) => (Date.parse(a) <= Date.parse(b) ? a : b)
  const latest = (a: string, b: string) => (Date.parse(a) >= Date.parse(b) ? a : b)
  const to = units.map(({ covers }) => covers.to).reduce(earliest)
  const from = units.map(({ kind, covers }) => (kind === 'log' ? covers.from : to)).reduce(latest)
  return { from: earliest(from, to), to }
}
