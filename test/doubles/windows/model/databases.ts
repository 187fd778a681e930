import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { generationOf } from '../../../../uploader/engines/exchange/ese/log-name.ts'
import {
  bodyOf,
  checkpointFile,
  contentOf,
  databaseFile,
  databaseHeader,
  type LogFields,
  logFile,
  newSignature,
  timeBytes,
} from '../ese/write.ts'
import { localIn, type World, type WorldDatabase } from '../world.ts'

/*
 * A database of the stand-in is a map of keys to values. A write goes into the current log; the file of the database holds only what was in logs before the
 * checkpoint, so that a restored one is whole only when its logs were played.
 */

export type Content = Record<string, string>

export type NewDatabase = Pick<WorldDatabase, 'name' | 'guid' | 'edb' | 'logFolder'> & Partial<WorldDatabase>

export function addDatabase(world: World, root: string, wanted: NewDatabase): void {
  const database: WorldDatabase = {
    server: world.server,
    base: 'E00',
    circular: false,
    mounted: true,
    recovery: false,
    backupInProgress: false,
    lastFull: null,
    copyStatus: 'Mounted',
    signDb: newSignature(tick(world)),
    signLog: newSignature(tick(world)),
    generation: 1,
    created: timeOf(world),
    previousCreated: '00'.repeat(8),
    checkpoint: 1,
    depth: 2,
    fiveDigits: false,
    content: {},
    ...wanted,
  }
  for (const folder of [dirname(localIn(root, database.edb)), localIn(root, database.logFolder)])
    mkdirSync(folder, { recursive: true })
  world.databases.push(database)
  writeDatabase(database, root)
  writeLog(database, root, '')
}

/** Some transactions, into the current log. */
export function write(world: World, root: string, name: string, entries: Content): void {
  const database = databaseIn(world, name)
  const path = currentPath(database, root)
  writeLog(database, root, `${bodyOf(readFileSync(path))}${JSON.stringify(entries)}\n`)
  Object.assign(database.content, entries)
}

/** Closes the current log and begins the next; with circular logging the closed ones go. */
export function roll(world: World, root: string, name: string): void {
  const database = databaseIn(world, name)
  const path = currentPath(database, root)
  const closed = join(dirname(path), closedName(database))
  renameSync(path, closed)
  database.generation += 1
  database.previousCreated = database.created
  database.created = timeOf(world)
  writeLog(database, root, '')
  moveCheckpoint(database, root)
  if (database.circular)
    for (const log of closedLogs(database, root)) if (log.generation < database.checkpoint) rmSync(log.path)
}

/** What Exchange does by itself: what is in old logs is in the file of the database by now. */
function moveCheckpoint(database: WorldDatabase, root: string): void {
  database.checkpoint = Math.max(database.checkpoint, database.generation - database.depth)
  writeDatabase(database, root)
}

/** The file of the database, as far as the checkpoint is, and the checkpoint itself. */
export function writeDatabase(database: WorldDatabase, root: string): void {
  const { state, fields } = headerOf(database)
  const path = localIn(root, database.edb)
  const flushed = { ...readContent(path), ...playedUpTo(database, root, database.checkpoint - 1) }
  writeFileSync(path, databaseFile({ state, ...fields }, JSON.stringify(flushed)))
  const folder = localIn(root, database.logFolder)
  writeFileSync(
    join(folder, `${database.base}.chk`),
    checkpointFile({ generation: database.checkpoint, signLog: database.signLog }),
  )
}

/** Only the header: what a backup writes into it. */
export function stamp(database: WorldDatabase, root: string, lastFull: { at: Date; low: number; high: number }): void {
  const { state, fields } = headerOf(database)
  const mark = { at: timeBytes(lastFull.at), low: lastFull.low, high: lastFull.high }
  const file = openSync(localIn(root, database.edb), 'r+')
  writeSync(file, databaseHeader({ state, ...fields, lastFull: mark }))
  closeSync(file)
}

function headerOf({ signDb, signLog, checkpoint, generation }: WorldDatabase) {
  return {
    state: 'Dirty Shutdown' as const,
    // Not null though it is dirty, as real ones are.
    fields: {
      signDb,
      signLog,
      required: { min: checkpoint, max: Math.max(checkpoint, generation - 1) },
      committed: generation - 1 || 1,
      consistent: checkpoint,
    },
  }
}

function readContent(path: string): Content {
  return existsSync(path) ? JSON.parse(contentOf(readFileSync(path)) || '{}') : {}
}

function playedUpTo(database: WorldDatabase, root: string, generation: number): Content {
  const logs = closedLogs(database, root).filter(log => log.generation <= generation)
  return Object.assign({}, ...logs.map(({ path }) => played(readFileSync(path))))
}

/** What the transactions of a log leave behind. */
export function played(log: Buffer): Content {
  const lines = bodyOf(log).split('\n').filter(Boolean)
  return Object.assign({}, ...lines.map(line => JSON.parse(line)))
}

export function closedLogs(
  database: Pick<WorldDatabase, 'logFolder' | 'base'>,
  root: string,
): { path: string; generation: number }[] {
  const folder = localIn(root, database.logFolder)
  return readdirSync(folder)
    .flatMap(name => {
      const generation = generationOf(name, database.base)
      return generation === undefined ? [] : [{ path: join(folder, name), generation }]
    })
    .sort((a, b) => a.generation - b.generation)
}

/** Removes the closed logs that no recovery of what is on the disk needs. @returns how many */
export function truncate(database: WorldDatabase, root: string): number {
  const old = closedLogs(database, root).filter(({ generation }) => generation < database.checkpoint)
  for (const { path } of old) rmSync(path)
  return old.length
}

/** A repair: everything is in the file, and another stream of logs begins at 1. */
export function newStream(world: World, root: string, name: string, { samesignature = false } = {}): void {
  const database = databaseIn(world, name)
  for (const { path } of closedLogs(database, root)) rmSync(path)
  rmSync(currentPath(database, root))
  if (!samesignature) database.signLog = newSignature(tick(world))
  database.generation = 1
  database.checkpoint = 1
  database.created = timeOf(world)
  database.previousCreated = '00'.repeat(8)
  const path = localIn(root, database.edb)
  const { state, fields } = headerOf(database)
  writeFileSync(path, databaseFile({ state, ...fields }, JSON.stringify(database.content)))
  writeLog(database, root, '')
}

function writeLog(database: WorldDatabase, root: string, body: string): void {
  const path = currentPath(database, root)
  writeFileSync(path, logFile(logFields(database), body))
  chmodSync(path, 0o600)
}

function logFields({ generation, created, previousCreated, signLog, circular }: WorldDatabase): LogFields {
  return { generation, created, previousCreated, signLog, circular }
}

export function currentPath({ logFolder, base }: Pick<WorldDatabase, 'logFolder' | 'base'>, root: string): string {
  return join(localIn(root, logFolder), `${base}.log`)
}

function closedName({ base, generation, fiveDigits }: WorldDatabase): string {
  const width = fiveDigits && generation <= 0xfffff ? 5 : 8
  return `${base}${generation.toString(16).toUpperCase().padStart(width, '0')}.log`
}

export function databaseIn(world: World, name: string): WorldDatabase {
  const found = world.databases.find(database => database.name === name)
  if (!found) throw new Error(`the world has no database ${name}`)
  return found
}

/** The world's clock goes on by a second with each look, so that no two times are the same. */
export function tick(world: World): Date {
  world.clock += 1000
  return new Date(world.clock)
}

function timeOf(world: World): string {
  return timeBytes(tick(world)).toString('hex')
}
