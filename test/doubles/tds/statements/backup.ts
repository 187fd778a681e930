import { pageSize } from '../bak/padding.ts'
import { SetWriter } from '../bak/write.ts'
import type { DeviceName, Statement } from '../language/syntax.ts'
import type { BackupSet } from '../model/backup-set.ts'
import type { Database } from '../model/database.ts'
import { message } from '../model/messages.ts'
import { backupRules } from '../model/rules/backup.ts'
import { pageRules } from '../model/rules/media.ts'
import { existence, state } from '../model/rules/open.ts'
import { check } from '../model/rules/rule.ts'
import { terminating } from '../model/sql-error.ts'
import { type BackupRequest, beginBackup, commitsOf, draftSet, settle } from '../model/take-backup.ts'
import type { Execution } from './execution.ts'
import { openTarget } from './media-out.ts'
import { Options } from './options.ts'
import { Progress } from './progress.ts'

type Backup = Extract<Statement, { kind: 'backup' }>

/** BACKUP DATABASE and BACKUP LOG. @throws SqlError that ends with 3013 */
export async function runBackup(statement: Backup, execution: Execution): Promise<void> {
  try {
    await backUp(statement, execution)
  } catch (error) {
    throw terminating(`BACKUP ${statement.what}`, error)
  }
}

async function backUp(statement: Backup, execution: Execution): Promise<void> {
  const { instance, visitor } = execution
  const options = new Options(statement.options, execution)
  options.exclusive('CHECKSUM', 'NO_CHECKSUM')
  options.exclusive('COMPRESSION', 'NO_COMPRESSION')
  const name = execution.name(statement.database)
  const found = instance.find(name)
  const request: BackupRequest = {
    type: statement.what === 'LOG' ? 'L' : options.has('DIFFERENTIAL') ? 'I' : 'D',
    copyOnly: options.has('COPY_ONLY'),
    checksums: options.has('CHECKSUM'),
    compressed: options.has('COMPRESSION'),
    tail: options.has('NORECOVERY') || options.has('STANDBY'),
    name: options.text('NAME'),
    description: options.text('DESCRIPTION'),
    userName: visitor.login.name,
  }
  const key = name.toLowerCase()
  check(backupRules, {
    ...instance.opening(name, visitor),
    what: statement.what,
    differential: request.type === 'I',
    copyOnly: request.copyOnly,
    compression: request.compressed,
    noTruncate: options.has('NO_TRUNCATE'),
    inTransaction: execution.inTransaction,
    busy: instance.backingUp.has(key),
    edition: instance.edition,
  })
  const database = found!
  visitor.request!.command = `BACKUP ${statement.what}`
  visitor.request!.database = database.name
  if (statement.what === 'DATABASE') instance.backingUp.add(key)
  try {
    await write(database, request, statement.devices, options, execution)
  } finally {
    if (statement.what === 'DATABASE') instance.backingUp.delete(key)
  }
}

async function write(
  database: Database,
  request: BackupRequest,
  devices: DeviceName[],
  options: Options,
  execution: Execution,
): Promise<void> {
  const { instance, output } = execution
  const draft = beginBackup(instance, database, request)
  const started = instance.clock.now()
  const stateThen = database.state
  await using target = await openTarget(devices, options, execution)
  const { sink, at, position } = target
  const padding = request.type === 'D' ? database.padding : 0
  const progress = new Progress(execution, options.stats, padding)
  const writer = new SetWriter(sink, at, request)
  let set: BackupSet
  try {
    await writer.begin(options.text('MEDIANAME') ?? '', request.name ?? '', request.description ?? '')
    await writer.pages(padding, async written => {
      await progress.at(written)
      stillThere(database, stateThen, execution)
    })
    await progress.end()
    stillThere(database, stateThen, execution)
    const { physicalName } = database.files[0]!
    const checksum = request.checksums && request.type === 'D'
    check(pageRules, { checksum, damaged: database.damaged, name: database.name, file: physicalName })
    instance.clock.advance(1000)
    // From here to the last LSN nothing may wait: what is committed later belongs to the next backup.
    const commits = commitsOf(database, request, draft)
    set = draftSet(instance, database, request, draft)
    await writer.log(commits)
    set.backupSize = writer.plain
    set.compressedSize = writer.at - at
    await writer.end(set)
    await target.end()
  } catch (error) {
    execution.signal.throwIfAborted()
    throw target.writeFailed(error)
  }
  execution.signal.throwIfAborted()
  settle(instance, database, set, target.name, position)
  tell(set, position, instance.clock.now() - started, output)
}

/** Somebody dropped the database, or took it offline, while it was backed up. */
function stillThere(database: Database, stateThen: Database['state'], { instance, visitor }: Execution): void {
  const there = instance.databases.includes(database) ? database : undefined
  const facts = { ...instance.opening(database.name, visitor), database: there }
  check(existence, facts)
  if (database.state !== stateThen) check(state, facts)
}

function tell(set: BackupSet, position: number, took: number, output: Execution['output']): void {
  const pages = Math.ceil(set.backupSize / pageSize)
  for (const file of set.files) {
    const counted = set.type === 'L' ? file.kind === 'LOG' : file.kind !== 'LOG'
    if (counted) output.message(message(4035, pages, set.databaseName, file.logicalName, position))
  }
  const what = { D: 'BACKUP DATABASE', I: 'BACKUP DATABASE WITH DIFFERENTIAL', L: 'BACKUP LOG' }[set.type]
  output.message(message(3014, what, pages, (took / 1000).toFixed(3), rate(set.backupSize, took)))
}

/** Megabytes in a second. */
export function rate(bytes: number, milliseconds: number): string {
  return (bytes / 2 ** 20 / Math.max(0.001, milliseconds / 1000)).toFixed(3)
}
