import { Failure } from '../../../../shared/failure.ts'
import { eventType } from '../log/event-header.ts'
import { Groups } from '../log/groups.ts'
import { type GroupStart, parseGroupStart } from '../log/gtid.ts'
import { parseQuery } from '../log/query-event.ts'
import type { ReplayFile } from './files.ts'
import type { Foresight } from './foresight.ts'
import { type LogEvent, readEvents } from './read-events.ts'
import type { Stop } from './stop.ts'
import { xidPrepared } from './xid.ts'

/** What a replay will do, known before anything is changed. */
export interface Replay {
  /** Up to the stop: the last one's `until` is where it is. Empty if nothing is to be replayed. */
  files: ReplayFile[]
  groups: number
  /** The last transaction that is in, and the first that is not; null where there is none. */
  last: Place | null
  next: Place | null
  largestEvent: number
  bytes: number
}

export interface Place {
  file: string
  offset: number
  gtid: string | null
  /** RFC 3339. */
  time: string
}

/**
 * Reads all events, checks them and finds the stop.
 * @param foresight is shown what will be replayed
 * @param fullHoldsPrepared whether the full holds XA transactions that were prepared and not ended at its moment: a copy of data files does, rows do not
 * @throws Failure `log-damaged`; `replay-unsupported`; `replay-selection`; `restore-stop` where a place is not in the logs
 */
export async function scan(
  files: ReplayFile[],
  stop: Stop,
  signal: AbortSignal,
  { foresight, fullHoldsPrepared = false }: { foresight?: Foresight | undefined; fullHoldsPrepared?: boolean } = {},
): Promise<Replay> {
  const replay: Replay = { files: [], groups: 0, last: null, next: null, largestEvent: 0, bytes: 0 }
  const state: State = { latest: 0n, prepared: fullHoldsPrepared ? undefined : new Set() }
  for (const file of files) {
    const end = await scanFile(file, stop, replay, state, signal, foresight)
    // A file of which nothing is in is of no use, but a place to begin at.
    replay.files.push({ ...file, until: end })
    replay.bytes += Math.max(0, end - file.from)
    if (replay.next) break
  }
  if ((stop.kind === 'position' || stop.kind === 'gtid') && !replay.next) throw notFound(stop, files)
  return replay
}

interface State {
  /** When the latest transaction was committed, in microseconds. */
  latest: bigint
  /** XA transactions that the logs prepared and did not end yet; undefined where it does not matter what prepared one. */
  prepared: Set<string> | undefined
}

/** @returns offset of the end of the last group that is in */
async function scanFile(
  file: ReplayFile,
  stop: Stop,
  replay: Replay,
  state: State,
  signal: AbortSignal,
  foresight: Foresight | undefined,
): Promise<number> {
  const groups = new Groups()
  let start: GroupStart | undefined
  let began = file.from
  let boundary = file.from
  let refusal: Failure | undefined
  if (stop.kind === 'position' && stop.file === file.name && stop.offset < file.from) throw notFound(stop, [file])
  for await (const event of readEvents(file, file.from, file.until)) {
    signal.throwIfAborted()
    if (event.offset < file.from) continue
    replay.largestEvent = Math.max(replay.largestEvent, event.end - event.offset)
    if (groups.between) {
      began = event.offset
      start = undefined
      refusal = undefined
    }
    refusal ??= refusalOf(event, file, began, state.prepared)
    const role = groups.add(event.type, event.bytes)
    await foresight?.see(event, file.name)
    if (role === 'first' && event.type !== eventType.query) start = parseGroupStart(event.type, event.bytes)
    if (role === 'first' || role === 'inside') continue
    if (role === 'last') {
      const time = start?.committedAt ?? BigInt(event.time) * 1_000_000n
      state.latest = time > state.latest ? time : state.latest
      const place = { file: file.name, offset: began, gtid: start?.gtid ?? null, time: instant(time) }
      if (isBeyond(stop, place, event.end, time)) {
        replay.next = place
        return boundary
      }
      if (refusal) throw refusal
      foresight?.accept()
      replay.groups++
      replay.last = { ...place, offset: event.end }
    } else if (stop.kind === 'position' && stop.file === file.name && event.end > stop.offset) {
      // It points between two transactions.
      replay.next = {
        file: file.name,
        offset: event.offset,
        gtid: null,
        time: instant(BigInt(event.time) * 1_000_000n),
      }
      return boundary
    } else if (refusal) throw refusal
    boundary = event.end
  }
  if (stop.kind === 'position' && stop.file === file.name && stop.offset === file.until)
    replay.next = { file: file.name, offset: file.until, gtid: null, time: instant(state.latest) }
  return boundary
}

function isBeyond(stop: Stop, place: Place, end: number, time: bigint): boolean {
  switch (stop.kind) {
    case 'end':
      return false
    case 'at':
      return time > stop.time
    case 'position':
      return stop.file === place.file && end > stop.offset
    case 'gtid':
      return stop.gtid === place.gtid
  }
}

const refused: Record<number, string> = {
  [eventType.incident]: 'the server lost events here',
  [eventType.mariadbStartEncryption]: 'it is encrypted',
  [eventType.beginLoadQuery]: 'a LOAD DATA was logged as a statement',
  [eventType.executeLoadQuery]: 'a LOAD DATA was logged as a statement',
}
const known = new Set<number>(Object.values(eventType))

/** Why the group that began at `began` cannot be replayed because of this event; a stop before that group makes it not matter. */
function refusalOf(
  event: LogEvent,
  { name }: ReplayFile,
  began: number,
  prepared: State['prepared'],
): Failure | undefined {
  const { type } = event
  const why =
    refused[type] ??
    (known.has(type) ? prepared && refusalOfXa(event, prepared) : `it holds an event of the unknown type ${type}`)
  if (why === undefined) return undefined
  return new Failure('replay-unsupported', `The binary log ${name} cannot be replayed at offset ${event.offset}`, {
    why,
    fix: `Stop before it with --before ${name}:${began}, or lay the files out and use the server's own mysqlbinlog as RESTORE.md says`,
  })
}

/** The end of an XA transaction is of use only where these logs prepared it. (One that is rolled back leaves nothing, wherever it began.) */
function refusalOfXa({ type, bytes }: LogEvent, prepared: Set<string>): string | undefined {
  if (type === eventType.xaPrepare) {
    const { xid, onePhase } = xidPrepared(bytes)
    if (!onePhase) prepared.add(xid)
    return undefined
  }
  if (type !== eventType.query) return undefined
  const [, end, xid] = /^XA (COMMIT|ROLLBACK) (\S+)\s*$/.exec(parseQuery(bytes).text.toString('latin1', 0, 500)) ?? []
  if (xid === undefined || prepared.delete(xid) || end === 'ROLLBACK') return undefined
  return `the XA transaction ${xid} that it commits was prepared before the full backup, which does not hold what it wrote`
}

function notFound(stop: Stop, files: ReplayFile[]): Failure {
  const what =
    stop.kind === 'gtid'
      ? `the transaction ${stop.gtid}`
      : stop.kind === 'position'
        ? `${stop.file}:${stop.offset}`
        : ''
  const [first, last] = [files[0], files.at(-1)]
  return new Failure('restore-stop', `These backups do not lead to ${what}`, {
    why:
      first && last
        ? `their logs go from ${first.name}:${first.from} to ${last.name}:${last.until}`
        : 'there is no log after the full backup',
    fix: 'Name the log backup that holds it: failsafe list, then --snapshot ID',
  })
}

function instant(time: bigint): string {
  const fraction = String(time % 1_000_000n).padStart(6, '0')
  return new Date(Number(time / 1000n)).toISOString().replace(/\.\d+Z$/, `.${fraction}Z`)
}
