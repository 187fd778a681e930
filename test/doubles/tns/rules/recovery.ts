import { existsSync } from 'node:fs'
import { type ControlFile, readControlFile } from '../files/control-file.ts'
import { type DataFileHeader, readHeader, readValues } from '../files/data-file.ts'
import { type Redo, type RedoLog, readLog } from '../files/redo-log.ts'
import { OraError } from '../ora.ts'

export interface Restored {
  controlFile: string
  /** Where each data file lies now, by its name in the control file; one that is not named lies where it lay. */
  dataFiles: Map<string, string>
  archivedLogs: string[]
  /** Everything before this SCN; null for all that the logs hold. */
  until: bigint | null
}

export interface Recovered {
  /** Every change below this SCN is in. */
  scn: bigint
  /** Values by `file:block`, without those that are empty. */
  state: Map<string, string>
  /** Blocks that were written without redo, as `file:block`. */
  lost: string[]
}

interface File {
  number: number
  path: string
  header: DataFileHeader
  blocks: Map<number, { scn: bigint; value: string } | null>
  inBackup: boolean
}

/**
 * RECOVER DATABASE UNTIL CHANGE ... USING BACKUP CONTROLFILE, then ALTER DATABASE OPEN RESETLOGS: what would the restored files hold? Nothing
 * is written.
 *
 * @throws OraError where Oracle would not open them: files missing, of another database or history, torn blocks that no redo mends, a copy in
 * whose time backup mode did not end before `until`, a log that is missing
 * @see Backup and Recovery User's Guide, "Performing User-Managed Database Flashback and Recovery"; the numbers are of Database Error Messages
 */
export function recover({ controlFile, dataFiles, archivedLogs, until }: Restored): Recovered {
  const control = existsSync(controlFile) ? readControlFile(controlFile) : null
  if (control === null) throw new OraError(205, 'error in identifying control file, check alert log for more info')
  const files = new Map<number, File>()
  const missing: ControlFile['dataFiles'] = []
  for (const listed of control.dataFiles.filter(({ offline }) => !offline)) {
    const file = openFile(control, listed, dataFiles.get(listed.name) ?? listed.name)
    if (file === null) missing.push(listed)
    else files.set(listed.number, file)
  }
  const logs = archivedLogs.map(openLog).filter(({ header }) => header.resetlogsId === control.resetlogsId)
  const from = start(control, [...files.values()])
  const { records, reached } = collect(control, logs, from, until)
  const lost = apply(files, records)
  for (const { number, name } of missing)
    if (!files.has(number))
      throw new OraError(1157, `cannot identify/lock data file ${number} - see DBWR trace file\n${named(number, name)}`)
  for (const file of files.values()) requireConsistent(file, reached, lost)
  return { scn: reached, state: stateOf(files), lost: [...lost] }
}

function openFile(control: ControlFile, listed: ControlFile['dataFiles'][number], path: string): File | null {
  const { number } = listed
  const header = readHeader(path)
  if (header === null) {
    if (!existsSync(path)) return null
    throw new OraError(1251, `Unknown File Header Version read for file number ${number}\n${named(number, path)}`)
  }
  const failed = (reason: string) =>
    new OraError(1122, `database file ${number} failed verification check\n${named(number, path)}\n${reason}`)
  if (header.identity.databaseId !== control.databaseId || header.identity.fileNumber !== number)
    throw failed('ORA-01203: wrong incarnation of this file - wrong creation SCN')
  if (header.resetlogsScn !== control.resetlogsScn)
    throw new OraError(
      1190,
      `control file or data file ${number} is from before the last RESETLOGS\n${named(number, path)}`,
    )
  const blocks = readValues(path)
  const held = Math.max(...blocks.keys())
  if (held < header.identity.blocks)
    throw failed(
      `ORA-01200: actual file size of ${held} is smaller than correct size of ${header.identity.blocks} blocks`,
    )
  return { number, path, header, blocks, inBackup: header.inBackup }
}

function openLog(path: string): RedoLog {
  const log = existsSync(path) ? readLog(path) : null
  if (log === null) throw new OraError(308, `cannot open archived log '${path}'`)
  return log
}

/** The checkpoint from which redo is needed: read only files need none. */
function start(control: ControlFile, files: File[]): bigint {
  const readOnly = new Set(control.dataFiles.filter(({ readOnly }) => readOnly).map(({ number }) => number))
  const checkpoints = files.filter(({ number }) => !readOnly.has(number)).map(({ header }) => header.checkpointScn)
  return [control.checkpointScn, ...checkpoints].sort((one, other) => (one < other ? -1 : 1))[0]!
}

/** The records of all threads in the order of their SCNs, as far as no thread lacks a log. */
function collect(control: ControlFile, logs: RedoLog[], from: bigint, until: bigint | null) {
  let reached: bigint | null = null
  const records: Redo[] = []
  const threads = new Set([...control.threads, ...logs.map(({ header }) => header.thread)])
  for (const thread of threads) {
    const end = collectThread(
      logs.filter(({ header }) => header.thread === thread),
      from,
      records,
    )
    if (until !== null && end.scn < until)
      throw new OraError(
        308,
        `cannot open archived log of thread ${thread} sequence ${end.sequence} for change ${end.scn}`,
      )
    if (reached === null || end.scn < reached) reached = end.scn
  }
  const limit = until ?? reached ?? from
  records.sort((one, other) => (one.scn < other.scn ? -1 : 1))
  return { records: records.filter(({ scn }) => scn > from && scn < limit), reached: limit }
}

/** @returns the first SCN that its logs do not hold, and the sequence that would */
function collectThread(logs: RedoLog[], from: bigint, records: Redo[]): { scn: bigint; sequence: number } {
  const bySequence = new Map(logs.map(log => [log.header.sequence, log]))
  const first = [...bySequence.values()].find(({ header }) => header.firstScn <= from && from < header.nextScn)
  // A thread that was added later begins with its first log.
  let sequence =
    (first?.header.sequence ?? (bySequence.get(1)?.header.firstScn ?? 0n) > from) ? (first?.header.sequence ?? 1) : 0
  let scn = from
  for (let log = bySequence.get(sequence); log !== undefined; log = bySequence.get(++sequence)) {
    records.push(...log.records)
    scn = log.header.nextScn
  }
  return { scn, sequence }
}

/** @returns blocks that were written without redo */
function apply(files: Map<number, File>, records: Redo[]): Set<string> {
  const lost = new Set<string>()
  for (const record of records) {
    const file = files.get(record.file)
    if (record.kind === 'create-file') {
      if (!file) files.set(record.file, created(record))
    } else if (!file || record.scn <= file.header.checkpointScn) continue
    else if (record.kind === 'end-backup') file.inBackup &&= record.began !== file.header.backupScn
    else if (record.kind === 'resize-file') resize(file, record.blocks, record.scn)
    else applyToBlock(file, record, lost)
  }
  return lost
}

function applyToBlock(file: File, record: Extract<Redo, { kind: 'change' | 'unlogged' }>, lost: Set<string>): void {
  const key = `${file.number}:${record.block}`
  const held = file.blocks.get(record.block)
  if (record.kind === 'unlogged') {
    if (!held || held.scn < record.scn) lost.add(key)
    return
  }
  if (held === null && !record.image) throw corrupted(file, record.block)
  if (held && held.scn >= record.scn) return
  lost.delete(key)
  file.blocks.set(record.block, { scn: record.scn, value: record.value })
}

function created({ file, blocks, name, scn }: Extract<Redo, { kind: 'create-file' }>): File {
  const header = { identity: { blocks }, checkpointScn: scn, backupScn: 0n } as DataFileHeader
  return { number: file, path: name, header, blocks: new Map(), inBackup: false }
}

function resize(file: File, blocks: number, scn: bigint): void {
  for (let number = file.header.identity.blocks + 1; number <= blocks; number++)
    if (!file.blocks.has(number)) file.blocks.set(number, { scn, value: '' })
}

function requireConsistent(file: File, reached: bigint, lost: Set<string>): void {
  const { number, path, header } = file
  if (file.inBackup)
    throw new OraError(
      1195,
      `online backup of file ${number} needs more recovery to be consistent\n${named(number, path)}`,
    )
  if (header.checkpointScn > reached)
    throw new OraError(1152, `file ${number} was not restored from a sufficiently old backup\n${named(number, path)}`)
  for (const [block, held] of file.blocks) {
    if (held === null) throw corrupted(file, block)
    if (held.scn >= reached && !lost.has(`${number}:${block}`))
      throw new OraError(1194, `file ${number} needs more recovery to be consistent\n${named(number, path)}`)
  }
}

function stateOf(files: Map<number, File>): Map<string, string> {
  const state = new Map<string, string>()
  for (const { number, blocks } of files.values())
    for (const [block, held] of blocks) if (held && held.value !== '') state.set(`${number}:${block}`, held.value)
  return state
}

function corrupted({ number, path }: File, block: number): OraError {
  return new OraError(1578, `ORACLE data block corrupted (file # ${number}, block # ${block})\n${named(number, path)}`)
}

function named(number: number, path: string): string {
  return `ORA-01110: data file ${number}: '${path}'`
}
