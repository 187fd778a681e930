import { z } from 'zod'
import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'

const Names = z.array(z.string())

/** Databases that the last full or differential run should have backed up and could not. They are named beside the first unit of its snapshot. */
export function failedIn(head: LaneHeads['data']): string[] {
  const text = head?.units[0]?.info?.failed
  return text === undefined ? [] : Names.parse(JSON.parse(text))
}

/** @param names an empty list is not written */
export function withFailed(units: UnitEntry[], names: readonly string[]): UnitEntry[] {
  const [first, ...others] = units
  if (!first || names.length === 0) return units
  return [{ ...first, info: { ...first.info, failed: JSON.stringify(names) } }, ...others]
}
