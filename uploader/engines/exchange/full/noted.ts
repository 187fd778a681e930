import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Stored, Told } from '../../engine.ts'
import { parseStamps } from '../discovery/answer.ts'
import { stampsScript } from '../discovery/script.ts'
import { type Database, systemStateUnit } from '../inventory.ts'
import type { Settings } from '../settings.ts'
import { runScript } from '../windows/powershell.ts'

/** A database, with the last full backup that Exchange knew of before ours. */
export type Before = Pick<Database, 'name' | 'guid' | 'lastFull'>

/** @returns those of which Exchange knows no newer full backup than before; not those that are gone */
export async function notNoted<T extends Before>(
  settings: Settings,
  databases: readonly T[],
  signal: AbortSignal,
): Promise<T[]> {
  const answer = parseStamps(await runScript(stampsScript(settings), 'ask Exchange for its last backups', signal))
  const known = new Map(
    answer.databases.map(({ Guid, LastFullBackup }) => [Guid.toLowerCase(), LastFullBackup ?? null]),
  )
  return databases.filter(({ guid, lastFull }) => known.get(guid) === lastFull)
}

/**
 * The backup of a run that is over cannot be ended any more. Its end belongs to the diskshadow that began it; and a new one, only to be ended, would be a full backup to
 * Exchange: logs would go of which nobody has a copy.
 */
export async function committedLate(settings: Settings, { units }: Stored, signal: AbortSignal): Promise<Told> {
  const databases = units.filter(isTruncated).map(({ unit, info }) => ({
    name: unit,
    guid: info!.guid!,
    lastFull: info!.lastFull ?? null,
  }))
  const left = databases.length === 0 ? [] : await notNoted(settings, databases, signal)
  if (left.length === 0) return { warnings: [] }
  const names = left.map(({ name }) => name).join(', ')
  const message = `The backup of ${names} is whole, but Exchange was not told: the run that took it was over before it was committed. Its logs stay on their volume until the next full backup; where room is short there, take one now, with --mode full`
  return { warnings: [{ code: 'exchange-not-told', message }] }
}

/** Whether the end of its backup lets Exchange truncate logs. */
function isTruncated({ unit, kind, info }: UnitEntry): boolean {
  return kind === 'full' && unit !== systemStateUnit && info?.circular !== 'true'
}
