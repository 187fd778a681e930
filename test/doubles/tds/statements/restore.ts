import { existsSync } from 'node:fs'
import { posix, win32 } from 'node:path'
import { pageSize } from '../bak/padding.ts'
import { readSet } from '../bak/read.ts'
import type { Statement } from '../language/syntax.ts'
import {
  applyDifferential,
  applyFull,
  applyLog,
  beginRestore,
  recover,
  type Stop,
  standBy,
} from '../model/apply-restore.ts'
import type { BackupSet } from '../model/backup-set.ts'
import type { Database } from '../model/database.ts'
import { releaseOf } from '../model/edition.ts'
import { message } from '../model/messages.ts'
import { checkMoves, checkPlacements, type Placement } from '../model/rules/files.ts'
import { type SetFacts, setRules, targetRules } from '../model/rules/restore.ts'
import { check } from '../model/rules/rule.ts'
import { refused, terminating } from '../model/sql-error.ts'
import { parseTime } from '../query/times.ts'
import { rate } from './backup.ts'
import { localPath } from './device.ts'
import type { Execution } from './execution.ts'
import { openMedia } from './media-in.ts'
import { type Moves, Options } from './options.ts'
import { Progress } from './progress.ts'
import { chosen, sizeOf } from './read-media.ts'

type Restore = Extract<Statement, { kind: 'restore' }>

/** RESTORE DATABASE and RESTORE LOG. @throws SqlError that ends with 3013 */
export async function runRestore(statement: Restore, execution: Execution): Promise<void> {
  try {
    await restore(statement, execution)
  } catch (error) {
    throw terminating(`RESTORE ${statement.what}`, error)
  }
}

async function restore(statement: Restore, execution: Execution): Promise<void> {
  const { instance, visitor } = execution
  const options = new Options(statement.options, execution)
  options.exclusive('RECOVERY', 'NORECOVERY')
  const name = execution.name(statement.database!)
  const existing = instance.find(name)
  const users = existing ? instance.usersOf(existing) : []
  check(targetRules, {
    name,
    login: visitor.login,
    existing,
    inTransaction: execution.inTransaction,
    own: users.includes(visitor),
    others: users.filter(each => each !== visitor).length,
  })
  visitor.request!.command = `RESTORE ${statement.what}`
  visitor.request!.database = name
  if (statement.devices.length === 0) return recoverAlone(existing, name, execution)
  await using opened = await openMedia(statement.devices, execution)
  const { device, source, media } = opened
  const stored = chosen(media, options, device)
  const stop = stopOf(options)
  const facts: SetFacts = {
    what: statement.what === 'LOG' ? 'LOG' : 'DATABASE',
    name,
    device: device.name,
    existing,
    set: stored.set,
    replace: options.has('REPLACE'),
    checksum: options.has('CHECKSUM'),
    stopAt: stop?.kind === 'time' ? stop.time : null,
    stopMark: stop && stop.kind !== 'time' ? stop.lsn : null,
    certificates: new Set([...instance.certificates.values()].map(each => each.thumbprint)),
    setVersion: releaseOf(stored.set.versionMajor).database,
    serverVersion: instance.release.database,
  }
  check(setRules[stored.set.type], facts)
  const database = begin(facts, options, execution)
  const started = instance.clock.now()
  const progress = new Progress(execution, options.stats, sizeOf(stored))
  const commits = await readSet(source, stored, !options.has('NO_CHECKSUM'), bytes => progress.at(bytes)).catch(
    error => {
      throw device.unreadable(error, refused(3183, '1:256', name))
    },
  )
  await progress.end()
  execution.signal.throwIfAborted()
  instance.clock.advance(1000)
  const reached = apply(database, stored.set, commits, stop)
  tell(statement, stored.set, database, instance.clock.now() - started, execution)
  if (!reached) execution.output.message(message(stop!.kind === 'time' ? 4322 : 4329))
  if (options.has('NORECOVERY') || !reached) return
  if (options.has('STANDBY')) standBy(database)
  else recover(database)
}

function recoverAlone(existing: Database | undefined, name: string, { instance, output }: Execution): void {
  if (!existing) throw refused(911, name)
  if (existing.state !== 'RESTORING' && !existing.standby) throw refused(3153)
  instance.clock.advance(1000)
  recover(existing)
  output.message(message(3014, 'RESTORE DATABASE', 0, '0.001', '0.000'))
}

function begin(facts: SetFacts, options: Options, execution: Execution): Database {
  const { existing, set, name } = facts
  const { moves } = options
  const { instance } = execution
  checkMoves(
    [...moves.values()].map(each => each.logicalName),
    set.files,
    name,
  )
  if (set.type !== 'D') return existing!
  const placements = placementsOf(set, moves)
  const others = instance.databases.filter(database => database !== existing)
  checkPlacements({
    placements,
    ownerOf: path => others.find(each => each.files.some(file => samePath(file.physicalName, path)))?.name,
    hasDirectory: path => hasDirectory(path, execution),
  })
  const paths = new Map(placements.map(({ file, path }) => [file.logicalName.toLowerCase(), path]))
  return beginRestore(execution.instance, name, set, paths, execution.visitor.login.name)
}

function apply(database: Database, set: BackupSet, commits: Database['commits'], stop: Stop | null): boolean {
  switch (set.type) {
    case 'D':
      applyFull(database, set, commits)
      return true
    case 'I':
      applyDifferential(database, set, commits)
      return true
    case 'L':
      return applyLog(database, set, commits, stop)
  }
}

/** Source: Microsoft, "RESTORE Statements - Arguments (Transact-SQL)", STOPAT, STOPATMARK and STOPBEFOREMARK. @throws SqlError 4334 */
function stopOf(options: Options): Stop | null {
  const time = options.value('STOPAT')
  if (time !== null) return { kind: 'time', time: typeof time === 'string' ? parseTime(time) : Number(time) }
  for (const [name, kind] of [
    ['STOPATMARK', 'at-mark'],
    ['STOPBEFOREMARK', 'before-mark'],
  ] as const) {
    const mark = options.text(name)
    if (mark === null) continue
    const lsn = /^lsn:(\d+)$/i.exec(mark)?.[1]
    if (lsn === undefined) throw refused(4334)
    return { kind, lsn: BigInt(lsn) }
  }
  return null
}

function samePath(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function placementsOf(set: BackupSet, moves: Moves): Placement[] {
  return set.files.map(file => {
    return { file, path: moves.get(file.logicalName.toLowerCase())?.physicalName ?? file.physicalName }
  })
}

/** The server's own directories are there; others are where this machine has them. */
function hasDirectory(path: string, { instance, mounts }: Execution): boolean {
  const { dirname } = instance.platform === 'windows' ? win32 : posix
  const directory = path.includes('/') ? posix.dirname(path) : dirname(path)
  const own = [instance.dataDirectory, instance.backupDirectory]
  return own.includes(directory) || existsSync(localPath(directory, mounts))
}

function tell(statement: Restore, set: BackupSet, database: Database, took: number, { output }: Execution): void {
  const pages = Math.ceil(set.backupSize / pageSize)
  for (const file of set.files) {
    output.message(message(4035, file.kind === 'LOG' ? 0 : pages, database.name, file.logicalName, 1))
  }
  const bytes = rate(set.backupSize, took)
  output.message(message(3014, `RESTORE ${statement.what}`, pages, (took / 1000).toFixed(3), bytes))
}
