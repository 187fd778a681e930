import { EventEmitter, once } from 'node:events'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileKind, firstBlock } from '../files/file-header.ts'
import {
  encodeLogHeader,
  encodeRecord,
  encodeRecords,
  endless,
  type LogHeader,
  logBlockSize,
  type RedoBody,
  readLog,
  writeLog,
} from '../files/redo-log.ts'
import type { Database } from './database.ts'
import type { ArchiveDestination, ArchivedLog, LogGroup, Thread } from './nouns.ts'

const groupsPerThread = 3
const recordRoom = logBlockSize - 16

/** The redo of a database: threads of online logs that are written round and round, and their archived copies. */
export class Logs {
  readonly threads: Thread[]
  readonly groups: LogGroup[] = []
  readonly archived: ArchivedLog[] = []
  readonly destinations: ArchiveDestination[]
  readonly bytes: number
  /** How an archived log is called: %t thread, %s sequence, %r RESETLOGS_ID. */
  format = '%t_%s_%r.arc'
  readonly #database: Database
  /** Of the current log of each thread. */
  readonly #records = new Map<number, Buffer>()
  /** Logs that are left and not archived yet, with their records. */
  readonly #waiting = new Map<LogGroup, Buffer>()
  readonly #archived = new EventEmitter()
  #record = 0

  constructor(database: Database, options: { threads: number; destinations: number; bytes: number }) {
    this.#database = database
    this.bytes = options.bytes
    this.threads = Array.from({ length: options.threads }, (_, index) =>
      threadOf(index + 1, `${database.name.toLowerCase()}${options.threads > 1 ? index + 1 : ''}`, database),
    )
    this.destinations = Array.from({ length: options.destinations }, (_, index) => ({
      number: index + 1,
      path: join(database.directory, `arch${index === 0 ? '' : index + 1}`),
      full: false,
    }))
    for (const { path } of this.destinations) mkdirSync(path, { recursive: true })
    for (const { number } of this.threads) this.#addGroups(number)
  }

  #addGroups(thread: number): void {
    const time = this.#database.clock()
    for (let index = 0; index < groupsPerThread; index++) {
      const group = this.groups.length + 1
      const current = index === 0
      this.groups.push({
        group,
        thread,
        members: [join(this.#database.directory, 'oradata', `redo${String(group).padStart(2, '0')}.log`)],
        sequence: current ? 1 : 0,
        status: current ? 'CURRENT' : 'UNUSED',
        archived: !current,
        firstScn: current ? this.#database.currentScn : 0n,
        firstTime: time,
        nextScn: current ? endless : 0n,
        nextTime: time,
      })
    }
    this.#begin(thread)
  }

  /** A thread of another instance, as when a node is added. */
  addThread(): Thread {
    const number = this.threads.length + 1
    const thread = threadOf(number, `${this.#database.name.toLowerCase()}${number}`, this.#database)
    this.threads.push(thread)
    this.#addGroups(number)
    this.#database.saveControlFiles()
    return thread
  }

  current(thread: number): LogGroup {
    return this.groups.find(group => group.thread === thread && group.status === 'CURRENT')!
  }

  /** Writes a record with the next SCN; where the log has no room for it, to the next log. @returns the SCN */
  append(body: RedoBody, thread = 1): bigint {
    const room = (this.bytes / logBlockSize - 2) * recordRoom
    if (this.#records.get(thread)!.length + encodeRecord({ ...body, scn: endless }).length > room) this.switch(thread)
    const scn = this.#database.nextScn()
    const before = this.#records.get(thread)!
    const after = Buffer.concat([before, encodeRecord({ ...body, scn })])
    this.#records.set(thread, after)
    const { sequence, members } = this.current(thread)
    const first = Math.floor(before.length / recordRoom)
    const blocks = encodeRecords(after.subarray(first * recordRoom), first + 2, sequence)
    for (const member of members) writeAt(member, blocks, (first + 2) * logBlockSize)
    return scn
  }

  /** Goes on in the next log and archives the one that is left, where the database does. @throws LogFull when no log is free */
  switch(thread: number): LogGroup {
    const left = this.current(thread)
    const ring = this.groups.filter(group => group.thread === thread)
    const next = ring[(ring.indexOf(left) + 1) % ring.length]!
    if (this.#database.archiveLog && !next.archived) throw new LogFull(next)
    const scn = this.#database.nextScn()
    const time = this.#database.clock()
    Object.assign(left, { status: 'ACTIVE', nextScn: scn, nextTime: time, archived: false })
    for (const group of ring) if (group.status === 'ACTIVE' && group !== left) group.status = 'INACTIVE'
    const records = this.#records.get(thread)!
    Object.assign(next, {
      status: 'CURRENT',
      sequence: left.sequence + 1,
      firstScn: scn,
      firstTime: time,
      nextScn: endless,
      nextTime: time,
      archived: false,
    })
    this.#waiting.set(left, records)
    this.#begin(thread)
    this.archive()
    return left
  }

  /** Writes what waits to every destination. @returns whether nothing waits any more, which is not so while one is full */
  archive(): boolean {
    if (!this.#database.archiveLog) this.#waiting.clear()
    if (this.destinations.some(({ full }) => full)) return this.#waiting.size === 0
    for (const [group, records] of this.#waiting) {
      const header = this.#headerOf(group)
      for (const { number, path } of this.destinations) {
        const { resetlogsId } = header
        const file = this.format
          .replace('%t', String(group.thread))
          .replace('%s', String(group.sequence))
          .replace('%r', String(resetlogsId))
        const name = join(path, file)
        const { blocks } = writeLog(name, header, records)
        this.#list(header, { destination: number, name, blocks, registrar: 'ARCH' })
      }
      group.archived = true
      this.#waiting.delete(group)
    }
    this.#archived.emit('all')
    return true
  }

  /** @throws when the signal is aborted before every log is archived */
  async untilArchived(signal: AbortSignal): Promise<void> {
    while (!this.archive()) await once(this.#archived, 'all', { signal })
  }

  /** A file that lies there becomes a copy of its log that the control file knows, in no destination. */
  catalog(path: string): void {
    const { blocks, ...header } = readLog(path)!.header
    this.#list(header, { destination: 0, name: path, blocks, registrar: 'RMAN' })
  }

  #list(
    header: Omit<LogHeader, 'blocks'>,
    copy: { destination: number; name: string; blocks: number; registrar: ArchivedLog['registrar'] },
  ): void {
    this.archived.push({
      ...copy,
      record: ++this.#record,
      path: copy.name,
      thread: header.thread,
      sequence: header.sequence,
      resetlogsId: header.resetlogsId,
      resetlogsScn: header.resetlogsScn,
      resetlogsTime: this.#database.incarnation.resetlogsTime,
      firstScn: header.firstScn,
      firstTime: header.firstTime,
      nextScn: header.nextScn,
      nextTime: header.nextTime,
      deleted: false,
      status: 'A',
      completed: this.#database.clock(),
    })
  }

  /** Sequences begin at 1 again; called when the database is opened with RESETLOGS. */
  reset(): void {
    this.#waiting.clear()
    const time = this.#database.clock()
    for (const { number } of this.threads) {
      const ring = this.groups.filter(group => group.thread === number)
      for (const group of ring)
        Object.assign(group, { status: 'UNUSED', sequence: 0, archived: true, firstScn: 0n, nextScn: 0n })
      Object.assign(ring[0]!, {
        status: 'CURRENT',
        sequence: 1,
        archived: false,
        firstScn: this.#database.incarnation.resetlogsScn,
        firstTime: time,
        nextScn: endless,
      })
      this.#begin(number)
    }
  }

  /** Begins the current log of a thread anew. */
  #begin(thread: number): void {
    this.#records.set(thread, Buffer.alloc(0))
    const group = this.current(thread)
    const blocks = this.bytes / logBlockSize
    const header = encodeLogHeader({ ...this.#headerOf(group), blocks })
    for (const member of group.members) {
      const file = openSync(member, 'w')
      ftruncateSync(file, (blocks + 1) * logBlockSize)
      closeSync(file)
      writeAt(member, Buffer.concat([firstBlock(fileKind.log, blocks, logBlockSize), header]), 0)
    }
  }

  #headerOf(group: LogGroup): Omit<LogHeader, 'blocks'> {
    const { databaseId, name, incarnation } = this.#database
    return {
      databaseId,
      databaseName: name,
      thread: group.thread,
      sequence: group.sequence,
      resetlogsId: incarnation.resetlogsId,
      resetlogsScn: incarnation.resetlogsScn,
      firstScn: group.firstScn,
      firstTime: group.firstTime,
      nextScn: group.nextScn,
      nextTime: group.nextTime,
    }
  }
}

/** A thread that is enabled now; the SCN of each change of that is kept. */
function threadOf(number: number, instance: string, database: Database): Thread {
  const state = { enabled: true, enabledScn: database.nextScn(), disabledScn: 0n }
  return {
    number,
    instance,
    open: true,
    get enabled() {
      return state.enabled
    },
    set enabled(enabled: boolean) {
      if (enabled !== state.enabled) state[enabled ? 'enabledScn' : 'disabledScn'] = database.nextScn()
      state.enabled = enabled
    },
    get enabledScn() {
      return state.enabledScn
    },
    get disabledScn() {
      return state.disabledScn
    },
  }
}

/** No online log can be gone on in: the next one is not archived yet. */
export class LogFull extends Error {
  override readonly name = 'LogFull'
  readonly group: LogGroup

  constructor(group: LogGroup) {
    super(`log ${group.group} is not archived`)
    this.group = group
  }
}

function writeAt(path: string, bytes: Buffer, offset: number): void {
  const file = openSync(path, 'r+')
  try {
    writeSync(file, bytes, 0, bytes.length, offset)
  } finally {
    closeSync(file)
  }
}
