import type { Position } from '../../../../shared/position.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Inventory } from '../inventory.ts'
import type { ArchivedLog } from '../logs/archived-log.ts'
import { offsetIn, positionOf, unitOf } from '../position.ts'

/** What was taken of one thread. */
export interface TakenThread {
  thread: number
  /** The first SCN that its logs hold, and the first that they do not. */
  from: string
  to: string
  logs: readonly ArchivedLog[]
}

const bytesOf = (logs: readonly ArchivedLog[]) =>
  logs.reduce((sum, { blocks, blockSize }) => sum + (blocks + 1) * blockSize, 0)

/** An instant of what the server's clock showed. */
export function instantOf(clock: string, { now }: Pick<Inventory, 'now'>): string {
  return `${clock}${offsetIn(now)}`
}

/** When the first of the threads was left: up to there all of them are known. */
export function reachedBy(threads: readonly TakenThread[], inventory: Pick<Inventory, 'now'>): string {
  const ends = threads.flatMap(({ logs }) => logs.at(-1)?.nextTime ?? []).sort()
  return ends[0] === undefined ? inventory.now : instantOf(ends[0], inventory)
}

function infoOf(inventory: Inventory, { logs }: TakenThread, more: Record<string, string>): Record<string, string> {
  const [first, last] = [logs[0], logs.at(-1)]
  return {
    database: inventory.name,
    uniqueName: inventory.uniqueName,
    host: inventory.host,
    bytes: String(bytesOf(logs)),
    ...(first && { firstSequence: String(first.sequence) }),
    ...(last && { lastSequence: String(last.sequence) }),
    ...more,
  }
}

/**
 * A full: the logs in it make the copies consistent, so that it is restorable from the end of them on. What leads on begins there.
 * @param began instant. @param info `beginScn` and `endScn` of backup mode
 */
export function fullEntry(
  inventory: Inventory,
  taken: TakenThread,
  covers: { from: string; to: string },
  info: Record<string, string>,
): UnitEntry {
  const to = positionOf(inventory, taken.thread, taken.to)
  return {
    unit: unitOf(taken.thread),
    kind: 'full',
    base: null,
    from: to,
    to,
    covers,
    info: infoOf(inventory, taken, info),
  }
}

/** @param behind what it goes on from. @param reached instant */
export function logEntry(inventory: Inventory, taken: TakenThread, behind: UnitEntry, reached: string): UnitEntry {
  const at = (scn: string): Position => positionOf(inventory, taken.thread, scn)
  const from = behind.covers.to
  return {
    unit: unitOf(taken.thread),
    kind: 'log',
    base: null,
    from: at(taken.from),
    to: at(taken.to),
    covers: { from, to: Date.parse(reached) > Date.parse(from) ? reached : from },
    info: infoOf(inventory, taken, {}),
  }
}
