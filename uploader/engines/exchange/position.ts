import type { Position } from '../../../shared/position.ts'
import type { UnitEntry } from '../../../shared/snapshot.ts'
import { generationText } from './ese/log-name.ts'
import type { Database } from './inventory.ts'

/**
 * A place in the logs of a database, complete up to and with a generation. The stream is the database and the signature of its logs: made anew where it is
 * repaired, defragmented or made again.
 */
export function positionOf(
  { guid, base }: Pick<Database, 'guid' | 'base'>,
  signLog: string,
  generation: number,
): Position {
  return { stream: `${guid}:${base.toUpperCase()}:${signLog}`, at: generationText(generation) }
}

export function generationAt({ to }: Pick<UnitEntry, 'to'>): number {
  return Number.parseInt(to.at, 16)
}
