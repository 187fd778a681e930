import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { Choice, isAny } from './pattern.ts'

/** Whether nothing is left out, whatever there is. */
export function isEverything({ include, exclude }: Choice): boolean {
  return exclude.length === 0 && include.some(({ database, table }) => table === null && database.every(isAny))
}

/** What stands in the entry of a full, so that it can be seen and a restore knows it; undefined where nothing is left out. */
export function recordOf(choice: Choice): string | undefined {
  if (isEverything(choice)) return undefined
  const [include, exclude] = [choice.include, choice.exclude].map(patterns => patterns.map(({ text }) => text))
  return JSON.stringify({ include, exclude })
}

/** What the full was made with. */
export function recordedChoice(full: UnitEntry | undefined): Choice {
  return Choice.parse(JSON.parse(full?.info?.selection ?? '{}'))
}
