import { join } from 'node:path'
import { readLog } from '../../doubles/tns/files/redo-log.ts'
import type { Database } from '../../doubles/tns/model/database.ts'
import { type Recovered, recover } from '../../doubles/tns/rules/recovery.ts'

export type State = Record<string, string>

type Script = { name: string; content: string }

/** What `restore.sql` and `prepare.sh` tell an operator to do. Paths of the folder are relative. */
export interface Orders {
  controlFile: string
  /** By the name that the control file has for a file. */
  dataFiles: Map<string, string>
  logs: string[]
  /** Null for files that need no redo. */
  until: { scn: bigint } | { clock: string } | null
}

export function ordersIn(scripts: readonly Script[], sql = 'restore.sql'): Orders {
  const content = (name: string) => scripts.find(script => script.name === name)!.content
  const [script, prepare] = [content(sql), content('prepare.sh')]
  const mark = /^SET DEFINE '(.)'$/m.exec(script)![1]!
  const dataFiles = new Map<string, string>()
  const files = /^ALTER DATABASE (?:RENAME FILE|CREATE DATAFILE) '((?:[^']|'')*)' (?:TO|AS) '((?:[^']|'')*)';$/gm
  for (const [, from, to] of script.matchAll(files)) dataFiles.set(quoted(from!), inFolder(quoted(to!), mark))
  const until = /UNTIL (?:CHANGE (\d+)|TIME '([\d:-]+)'|CANCEL) USING BACKUP CONTROLFILE/.exec(script)!
  return {
    controlFile: /^cp '(.*)' control\.ctl\.new$/m.exec(prepare)![1]!.replaceAll("'\\''", "'"),
    dataFiles,
    logs: [...prepare.matchAll(/^cp '(.*)' all-logs\/$/gm)].map(([, name]) => name!.replaceAll("'\\''", "'")),
    until: untilIn(until),
  }
}

function untilIn([, scn, clock]: RegExpExecArray): Orders['until'] {
  if (scn !== undefined) return { scn: BigInt(scn) }
  return clock === undefined ? null : { clock: clock.replace(/:/, 'T') }
}

const quoted = (text: string) => text.replaceAll("''", "'")
const inFolder = (path: string, mark: string) =>
  path.startsWith(`${mark}folder./`) ? path.slice(`${mark}folder./`.length) : path

/** Follows the scripts with the model's own recovery. Blocks that were written without redo are in neither of the two. */
export function recovered(
  scripts: readonly Script[],
  directory: string,
  database: Database,
): { got: State; held: State } {
  const orders = ordersIn(scripts)
  const archivedLogs = orders.logs.map(name => join(directory, name))
  const until = untilOf(orders.until, archivedLogs, database)
  const result: Recovered = recover({
    controlFile: join(directory, orders.controlFile),
    dataFiles: new Map([...orders.dataFiles].map(([from, to]) => [from, join(directory, to)])),
    archivedLogs,
    until,
  })
  const without = (state: Map<string, string>) =>
    sorted(new Map([...state].filter(([key]) => !result.lost.includes(key))))
  return { got: without(result.state), held: without(database.stateAt(result.scn - 1n)) }
}

function untilOf(until: Orders['until'], logs: readonly string[], database: Database): bigint | null {
  if (until === null) return null
  return 'scn' in until ? until.scn : scnAt(until.clock, logs, database)
}

/** The first change of that second or later; where there is none, all that the logs hold. */
function scnAt(clock: string, logs: readonly string[], database: Database): bigint {
  const time = Date.parse(`${clock}Z`)
  const change = database.changes.find(each => each.time.getTime() >= time)
  const ends = new Map<number, bigint>()
  for (const { header } of logs.map(name => readLog(name)!)) {
    const known = ends.get(header.thread) ?? 0n
    ends.set(header.thread, header.nextScn > known ? header.nextScn : known)
  }
  const end = [...ends.values()].sort((a, b) => (a < b ? -1 : 1))[0]!
  return change === undefined || change.scn > end ? end : change.scn
}

function sorted(state: Map<string, string>): State {
  return Object.fromEntries([...state].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1)))
}
