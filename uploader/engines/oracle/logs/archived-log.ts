import { text, textOrNull } from '../../row.ts'
import { number, type Row } from '../connection/row.ts'

/** One archived log, of which there may be copies in several destinations: all of them hold the same bytes. */
export interface ArchivedLog {
  thread: number
  sequence: number
  /** RESETLOGS_ID, without which a sequence is not the only one of its number. */
  incarnation: string
  /** The first SCN in it, and the first that is not. */
  firstScn: string
  nextScn: string
  /** What the server's clock showed: `2026-11-22T10:15:00`. */
  firstTime: string
  nextTime: string
  blockSize: number
  /** Behind the first one. */
  blocks: number
  /** As the server names them; those that are deleted or missing are not among them, so that there may be none. */
  paths: string[]
}

export interface Gap {
  thread: number
  reason: string
  /** Of the log that is missing, where that is known. */
  sequence: number | undefined
  /** Nothing is missing but the newest: it may only not be listed yet. */
  atEnd: boolean
}

export const isGap = (found: ArchivedLog[] | Gap): found is Gap => !Array.isArray(found)

/** @param rows one for each copy, as V$ARCHIVED_LOG has them */
export function logsIn(rows: readonly Row[], thread: number): ArchivedLog[] {
  const bySequence = Map.groupBy(rows, row => number(row, 'sequence'))
  return [...bySequence].sort(([a], [b]) => a - b).map(([sequence, copies]) => logOf(thread, sequence, copies))
}

function logOf(thread: number, sequence: number, copies: Row[]): ArchivedLog {
  const row = copies[0]!
  return {
    thread,
    sequence,
    incarnation: text(row, 'resetlogs_id'),
    firstScn: text(row, 'first_scn'),
    nextScn: text(row, 'next_scn'),
    firstTime: text(row, 'first_time'),
    nextTime: text(row, 'next_time'),
    blockSize: number(row, 'block_size'),
    blocks: number(row, 'blocks'),
    paths: copies.flatMap(copy => {
      const path = textOrNull(copy, 'name')
      return path !== null && text(copy, 'deleted') === 'NO' && text(copy, 'status') === 'A' ? [path] : []
    }),
  }
}

/** What is looked for in the redo of a thread. */
export interface Wanted {
  thread: number
  /** The first SCN that is wanted, and the first that is not. */
  from: string
  to: string
  /** Of the log that holds the first, where that is known. */
  first?: number | undefined
}

/**
 * The logs that hold all redo of a thread from one SCN to another, in order.
 *
 *     from            to
 *      ├─ 41 ─┤─ 42 ─┤          one ends where the next begins, and their numbers follow one another
 *
 * @param mayLackCopies a log that is taken though it has no copy: it comes from elsewhere, or is not read. @returns a gap where one is missing, or has no copy any more
 */
export function logsBetween(
  logs: readonly ArchivedLog[],
  { thread, from, to, first }: Wanted,
  mayLackCopies: (log: ArchivedLog) => boolean = () => false,
): ArchivedLog[] | Gap {
  const found: ArchivedLog[] = []
  const gap = (reason: string, sequence: number | undefined, atEnd = false): Gap => ({
    thread,
    reason,
    sequence,
    atEnd,
  })
  let at = from
  for (const log of logs) {
    if (BigInt(at) >= BigInt(to)) break
    if (BigInt(log.nextScn) <= BigInt(from)) continue
    const last = found.at(-1)
    const expected = last === undefined ? 'its beginning' : `sequence ${last.sequence + 1}`
    const follows = last === undefined || log.sequence === last.sequence + 1
    if (!follows || log.firstScn !== at)
      return gap(
        `${expected} of thread ${thread} (from SCN ${at} on) is not archived any more; the next is ${log.sequence}`,
        last === undefined ? (first ?? log.sequence - 1) : last.sequence + 1,
      )
    if (log.paths.length === 0 && !mayLackCopies(log))
      return gap(`every copy of sequence ${log.sequence} of thread ${thread} was deleted`, log.sequence)
    found.push(log)
    at = log.nextScn
  }
  if (BigInt(at) >= BigInt(to)) return found
  const last = found.at(-1)
  const next = last === undefined ? first : last.sequence + 1
  return gap(`no archived log of thread ${thread} holds SCN ${at}`, next, true)
}
