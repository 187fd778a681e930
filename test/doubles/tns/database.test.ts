import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seed, times } from '../../support/counts.ts'
import { readControlFile } from './files/control-file.ts'
import { firstDataBlock, readHeader, readValues } from './files/data-file.ts'
import { readLog } from './files/redo-log.ts'
import { decodeTime, encodeTime } from './files/time.ts'
import { Database, type DatabaseOptions } from './model/database.ts'
import { archiveLogCurrent } from './rules/archiving.ts'
import { beginDatabaseBackup, endDatabaseBackup } from './rules/backup-mode.ts'
import { backupControlFile } from './rules/control-file.ts'
import { recover } from './rules/recovery.ts'
import { makeReadOnly } from './rules/tablespaces.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'failsafe-oracle-model-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const users = 4

function create(options: Partial<DatabaseOptions> = {}): Database {
  return new Database({ directory: join(directory, 'server'), blockSize: 2048, blocks: 8, logBytes: 8192, ...options })
}

/** A copy as a program makes it that knows nothing of blocks: pieces of a strange size, between which the database works on. */
function copy(from: string, to: string, between: () => void): void {
  const file = openSync(from, 'r')
  const pieces: Buffer[] = []
  const piece = Buffer.alloc(3333)
  for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
    pieces.push(Buffer.from(piece.subarray(0, read)))
    between()
  }
  closeSync(file)
  writeFileSync(to, Buffer.concat(pieces))
}

interface Copies {
  controlFile: string
  dataFiles: Map<string, string>
  /** SCN right after the end of backup mode. */
  end: bigint
}

/** What a backup by hand copies. @param work what the database does meanwhile */
async function backUp(
  database: Database,
  work: () => void = () => {},
  { backupMode = true }: { backupMode?: boolean } = {},
): Promise<Copies> {
  const target = mkdtempSync(join(directory, 'copy-'))
  if (backupMode) beginDatabaseBackup(database, 0)
  const dataFiles = new Map<string, string>()
  for (const { name, path, number } of [...database.dataFiles]) {
    dataFiles.set(name, join(target, `${number}-${basename(path)}`))
    copy(path, dataFiles.get(name)!, work)
  }
  if (backupMode) endDatabaseBackup(database, 0)
  const end = database.currentScn
  await archiveLogCurrent(database, new AbortController().signal)
  const controlFile = join(target, 'control.bkp')
  backupControlFile(database, controlFile, false)
  return { controlFile, dataFiles, end }
}

const archivedLogs = (database: Database) => database.logs.archived.map(({ name }) => name!)

/** Writes to any block of any file, in whole or in halves whose second one comes later. */
function writer(database: Database, random: () => number) {
  let later: (() => void)[] = []
  let written = 0
  return {
    write() {
      const file = 1 + Math.floor(random() * database.dataFiles.length)
      const blocks = database.blocksOf(file)
      const block = blocks[Math.floor(random() * blocks.length)]!
      const value = `value ${++written}`
      for (const finish of later) finish()
      later = []
      if (random() < 0.5) later.push(database.writeHalf(file, block, value))
      else database.write(file, block, value)
    },
    finish() {
      for (const finish of later) finish()
      later = []
    },
  }
}

function numbers(first: number): () => number {
  let state = first
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return state / 0x8000_0000
  }
}

describe('files', () => {
  test('a data file has its header, one block more than the views tell, and the values that were written', () => {
    const database = create()
    database.write(users, 5, 'hello')
    const { path, blocks } = database.file(users)
    expect(statSync(path).size).toBe((blocks + 1) * 2048)
    expect(readHeader(path)).toMatchObject({
      identity: {
        databaseId: database.databaseId,
        databaseName: 'SHOP',
        blocks,
        blockSize: 2048,
        fileNumber: users,
        kind: 3,
      },
      tablespaceName: 'USERS',
      inBackup: false,
      resetlogsId: database.incarnation.resetlogsId,
    })
    expect(readValues(path).get(5)?.value).toBe('hello')
  })

  test('the header of a file stands still in backup mode, and goes on when it ends', () => {
    const database = create()
    const { path } = database.file(users)
    beginDatabaseBackup(database, 0)
    const began = readHeader(path)!
    expect(began.inBackup).toBe(true)
    database.write(users, 5, 'hello')
    database.checkpoint()
    expect(readHeader(path)!.checkpointScn).toBe(began.checkpointScn)
    endDatabaseBackup(database, 0)
    expect(readHeader(path)!.inBackup).toBe(false)
    expect(readHeader(path)!.checkpointScn).toBeGreaterThan(began.checkpointScn)
  })

  test('a block of which half is written is known to be torn', () => {
    const database = create()
    const finish = database.writeHalf(users, 5, 'hello')
    expect(readValues(database.file(users).path).get(5)).toBeNull()
    finish()
    expect(readValues(database.file(users).path).get(5)?.value).toBe('hello')
  })

  test('archived logs follow one another without a gap, and tell whose they are', async () => {
    const database = create()
    for (let turn = 0; turn < 40; turn++) database.write(users, 3 + (turn % 6), `value ${turn}`.padEnd(500, '.'))
    await archiveLogCurrent(database, new AbortController().signal)
    const headers = archivedLogs(database).map(path => readLog(path)!.header)
    expect(headers.length).toBeGreaterThan(3)
    for (const [index, header] of headers.entries()) {
      const row = database.logs.archived[index]!
      expect(header).toMatchObject({ databaseId: database.databaseId, thread: 1, sequence: index + 1 })
      expect(statSync(row.name!).size).toBe((row.blocks + 1) * 512)
      if (index > 0) expect(header.firstScn).toBe(headers[index - 1]!.nextScn)
    }
  })

  test('every record of a log lies within its range of SCNs', async () => {
    const database = create()
    for (let turn = 0; turn < 60; turn++) database.write(users, 3 + (turn % 6), 'x'.repeat((turn * 37) % 900))
    await archiveLogCurrent(database, new AbortController().signal)
    for (const path of archivedLogs(database)) {
      const { header, records } = readLog(path)!
      for (const { scn } of records) {
        expect(scn).toBeGreaterThanOrEqual(header.firstScn)
        expect(scn).toBeLessThan(header.nextScn)
      }
    }
  })

  test('a log or a control file that is cut short is not read', async () => {
    const database = create()
    database.write(users, 5, 'hello')
    const { controlFile } = await backUp(database)
    const [log] = archivedLogs(database)
    expect(readControlFile(controlFile)).toMatchObject({ databaseId: database.databaseId, isBackup: true })
    truncateSync(log!, statSync(log!).size - 512)
    truncateSync(controlFile, statSync(controlFile).size - 16_384)
    expect(readLog(log!)).toBeNull()
    expect(readControlFile(controlFile)).toBeNull()
  })

  test('a time is the same after the way to a header and back', () => {
    const seconds = fc.date({ min: new Date('1988-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(seconds, date => {
        date.setUTCMilliseconds(0)
        expect(decodeTime(encodeTime(date))).toEqual(date)
      }),
      { seed, numRuns: times(1000) },
    )
  })
})

describe('recovery', () => {
  test('a hot copy, taken while blocks are torn, comes back to every SCN after its end', {
    timeout: 240_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(0x7fff_ffff), fc.integer({ min: 1, max: 3 }), async (first, threads) => {
        rmSync(join(directory, 'server'), { recursive: true, force: true })
        const database = create({ threads })
        const random = numbers(first)
        const { write, finish } = writer(database, random)
        for (let turn = 0; turn < 10; turn++) write()
        finish()
        const copies = await backUp(database, () => {
          for (let turn = Math.floor(random() * 3); turn > 0; turn--) write()
        })
        for (let turn = 0; turn < 20; turn++) write()
        finish()
        await archiveLogCurrent(database, new AbortController().signal)
        const logs = archivedLogs(database)
        const last = recover({ ...copies, archivedLogs: logs, until: null })
        expect(last.state).toEqual(database.stateAt(database.currentScn))
        for (const { scn } of database.changes.filter(change => change.scn > copies.end))
          expect(recover({ ...copies, archivedLogs: logs, until: scn }).state).toEqual(database.stateAt(scn - 1n))
      }),
      { seed, numRuns: times(60) },
    )
  })

  test('a copy that was torn without backup mode is corrupt', async () => {
    const database = create()
    let finish = () => {}
    const copies = await backUp(
      database,
      () => {
        finish()
        finish = database.writeHalf(users, 5, `value ${Math.random()}`)
      },
      { backupMode: false },
    )
    finish()
    expect(() => recover({ ...copies, archivedLogs: archivedLogs(database), until: null })).toThrow(
      'ORA-01578: ORACLE data block corrupted (file # 4, block # 5)',
    )
  })

  test('a copy without backup mode cannot go back before its newest block, nor before its checkpoint', async () => {
    const database = create()
    let newest = 0n
    const work = () => {
      newest = database.write(1, 5, 'meanwhile')
    }
    const copies = await backUp(database, work, { backupMode: false })
    const restored = { ...copies, archivedLogs: archivedLogs(database) }
    const copied = [...readValues(copies.dataFiles.get(database.file(1).name)!).values()]
    const seen = copied.map(block => block!.scn).sort((one, other) => (one < other ? 1 : -1))[0]!
    expect(seen).toBeLessThan(newest)
    expect(() => recover({ ...restored, until: seen })).toThrow(
      'ORA-01194: file 1 needs more recovery to be consistent',
    )
    const { checkpointScn } = readHeader(copies.dataFiles.get(database.file(1).name)!)!
    expect(() => recover({ ...restored, until: checkpointScn - 1n })).toThrow('ORA-01152: file 1 was not restored')
    expect(recover({ ...restored, until: null }).state).toEqual(database.stateAt(newest))
  })

  test('a time before the end of backup mode cannot be gone back to', async () => {
    const database = create()
    let scn = 0n
    const copies = await backUp(database, () => {
      scn = database.write(users, 5, 'meanwhile')
    })
    const restored = { ...copies, archivedLogs: archivedLogs(database) }
    expect(() => recover({ ...restored, until: scn })).toThrow('ORA-01195: online backup of file 1 needs more recovery')
    expect(recover({ ...restored, until: copies.end + 1n }).state).toEqual(database.stateAt(copies.end))
  })

  test('a log that is missing is asked for', async () => {
    const database = create()
    const copies = await backUp(database, () => database.write(users, 5, 'x'.repeat(700)))
    const logs = archivedLogs(database)
    const until = copies.end + 1n
    expect(logs.length).toBeGreaterThan(2)
    for (const missing of logs)
      expect(() => recover({ ...copies, archivedLogs: logs.filter(log => log !== missing), until })).toThrow(
        /ORA-00308|ORA-01195/,
      )
  })

  test('a data file that is missing, cut short or of another database is refused', async () => {
    const database = create()
    const copies = await backUp(database)
    const restored = { ...copies, archivedLogs: archivedLogs(database), until: null }
    const { name } = database.file(users)
    const replaced = (path: string) => recover({ ...restored, dataFiles: new Map([...copies.dataFiles, [name, path]]) })
    expect(() => replaced('/nowhere/users01.dbf')).toThrow('ORA-01157')
    mkdirSync(join(directory, 'other'))
    const other = new Database({ directory: join(directory, 'other'), databaseId: 42, blockSize: 2048, blocks: 8 })
    expect(() => replaced(other.file(users).path)).toThrow('ORA-01203')
    truncateSync(copies.dataFiles.get(name)!, 3 * 2048)
    expect(() => recover(restored)).toThrow(/ORA-01200/)
  })

  test('a file that was added or grew while the copy was taken is made from redo', async () => {
    const database = create()
    let step = 0
    const copies = await backUp(database, () => {
      step++
      if (step === 3) database.extend(users, 4)
      if (step === 4)
        database.addFile(database.tablespace('USERS')!, join(database.directory, 'oradata', 'users02.dbf'), 8)
      if (step === 5) {
        database.write(5, 6, 'in the new file')
        database.write(users, 11, 'behind the old end')
      }
    })
    copies.dataFiles.set(database.file(5).name, join(directory, 'not-copied.dbf'))
    const { state } = recover({ ...copies, archivedLogs: archivedLogs(database), until: null })
    expect(state.get('5:6')).toBe('in the new file')
    expect(state.get(`${users}:11`)).toBe('behind the old end')
    expect(state).toEqual(database.stateAt(database.currentScn))
  })

  test('a tablespace and a thread that are added after the copy come back from redo', async () => {
    const database = create()
    const copies = await backUp(database)
    const { number } = database.logs.addThread()
    database.createTablespace('LATER')
    database.write(5, 4, 'in a new tablespace', number)
    database.write(users, 4, 'by the first thread')
    await archiveLogCurrent(database, new AbortController().signal)
    copies.dataFiles.set(database.file(5).name, join(directory, 'not-copied.dbf'))
    const { state } = recover({ ...copies, archivedLogs: archivedLogs(database), until: null })
    expect(state).toEqual(database.stateAt(database.currentScn))
    expect(state.get('5:4')).toBe('in a new tablespace')
  })

  test('what was written without redo is told to be lost', async () => {
    const database = create()
    const copies = await backUp(database)
    database.writeUnlogged(users, firstDataBlock, 'direct load')
    await archiveLogCurrent(database, new AbortController().signal)
    const { lost } = recover({ ...copies, archivedLogs: archivedLogs(database), until: null })
    expect(lost).toEqual([`${users}:${firstDataBlock}`])
  })

  test('logs of a new history do not continue an old backup', async () => {
    const database = create()
    const copies = await backUp(database, () => database.write(users, 5, 'before'))
    const before = database.stateAt(database.currentScn)
    database.openResetlogs()
    database.write(users, 5, 'after')
    await archiveLogCurrent(database, new AbortController().signal)
    expect(database.logs.archived.at(-1)!.sequence).toBe(1)
    const restored = { ...copies, archivedLogs: archivedLogs(database) }
    expect(recover({ ...restored, until: null }).state).toEqual(before)
    expect(() => recover({ ...restored, until: database.currentScn })).toThrow('ORA-00308')
  })

  test('a tablespace that is read only is copied without backup mode', async () => {
    const database = create({ tablespaces: ['ARCHIVE'] })
    database.write(5, 5, 'old')

    makeReadOnly(database, database.tablespace('ARCHIVE')!)
    const copies = await backUp(database, () => database.write(users, 5, 'new'))
    expect(recover({ ...copies, archivedLogs: archivedLogs(database), until: null }).state.get('5:5')).toBe('old')
  })
})
