import { Buffer } from 'node:buffer'
import { dirname } from 'node:path'
import type * as Koffi from 'koffi'
import { NotesError, status, statusOf } from './status.ts'

/** A handle of the API, four or eight bytes wide: taken as eight, of which the higher four may be zero. */
export type Handle = bigint

export interface LogInfo {
  logged: boolean
  /** Of the transaction log, 32 hexadecimal digits. */
  logId: string
  /** Of this database in it: new where what the log says of it before does not apply to it any more. */
  dbiid: string
  /** The first extent that a roll-forward of the database needs. */
  firstExtent: number
}

export interface Extent {
  logId: string
  number: number
  path: string
  /** False for the one that is still written. */
  closed: boolean
}

export type LogStyle = 'circular' | 'archive' | 'linear'

const pathSize = 4096
const changeInfoSize = 1024 * 1024
const noFlags = 0
const abort = 1
const keepFile = 1
const toLmbcs = 24
const fromLmbcs = 22

/** In the order in which a run calls them. */
const prototypes = [
  'uint16_t NotesInitExtended(int argc, void *argv)',
  'void NotesTerm()',
  'uint16_t OSLoadString(uint64_t module, uint16_t status, void *buffer, uint16_t size)',
  'uint16_t OSTranslate(uint16_t mode, void *in, uint16_t length, void *out, uint16_t size)',
  'uint16_t NSFDbOpen(void *path, void *handle)',
  'uint16_t NSFDbClose(uint64_t handle)',
  'uint16_t NSFDbPathGet(uint64_t handle, void *canonical, void *expanded)',
  'uint16_t NSFDbGetLogInfo(uint64_t handle, uint32_t flags, void *logged, void *logId, void *dbiid, void *first)',
  'uint16_t NSFBackupStart(uint64_t handle, uint32_t flags, void *context, void *low, void *high)',
  'uint16_t NSFBackupSetHighWaterMark(uint64_t handle, uint64_t context, uint32_t low, uint32_t high)',
  'uint16_t NSFBackupStop(uint64_t handle, uint64_t context)',
  'uint16_t NSFBackupGetChangeInfoSize(uint64_t handle, uint64_t context, uint32_t flags, void *low, void *high)',
  'uint16_t NSFBackupGetNextChangeInfo(uint64_t handle, uint64_t context, uint32_t flags, void *buffer, uint32_t size, void *filled)',
  'uint16_t NSFBackupEnd(uint64_t handle, uint64_t context, uint32_t options)',
  'uint16_t NSFBackupStartApplyChangeInfo(void *context, void *path, uint32_t flags, uint32_t low, uint32_t high)',
  'uint16_t NSFBackupApplyNextChangeInfo(uint64_t context, uint32_t flags, void *buffer, uint32_t size)',
  'uint16_t NSFBackupEndApplyChangeInfo(uint64_t context, uint32_t flags)',
  'uint16_t NSFGetTransLogStyle(void *style)',
  'uint16_t NSFBeginArchivingLogs()',
  'uint16_t NSFEndArchivingLogs()',
  'uint16_t NSFGetFirstLogToArchive(void *logId, void *number, void *path)',
  'uint16_t NSFGetNextLogToArchive(void *logId, void *number, void *path)',
  'uint16_t NSFDoneArchivingLog(void *logId, void *number)',
  'uint16_t NSFTakeDatabaseOffline(void *path, uint32_t wait, uint32_t options)',
  'uint16_t NSFBringDatabaseOnline(void *path, uint32_t flags)',
] as const

type Name = (typeof prototypes)[number] extends infer P
  ? P extends `${string} ${infer N}(${string}`
    ? N
    : never
  : never

/** A function of the library. */
type Native = (...parameters: unknown[]) => number

/** What is no Notes library, or one of a release that does not know a call that is needed. */
export class LibraryError extends Error {
  readonly missing: string | undefined

  constructor(message: string, missing?: string) {
    super(message)
    this.name = 'LibraryError'
    this.missing = missing
  }
}

/**
 * The Notes API, call by call, for the one thread that has initialised it: nothing here is asynchronous. Names of files come and go as text; the library's own
 * character set is LMBCS. Methods throw a `NotesError` with Domino's words.
 */
export class Notes {
  readonly #koffi: typeof Koffi
  readonly #library: Koffi.LibraryHandle
  readonly #calls: Record<Name, Native>

  private constructor(koffi: typeof Koffi, library: Koffi.LibraryHandle, calls: Record<Name, Native>) {
    this.#koffi = koffi
    this.#library = library
    this.#calls = calls
  }

  /** @throws LibraryError */
  static load(koffi: typeof Koffi, path: string): Notes {
    let library: Koffi.LibraryHandle
    try {
      library = koffi.load(path)
    } catch (error) {
      throw new LibraryError(error instanceof Error ? error.message : String(error))
    }
    const calls: Partial<Record<Name, Native>> = {}
    for (const prototype of prototypes) {
      const name = /(\w+)\(/.exec(prototype)![1] as Name
      try {
        calls[name] = library.func(prototype)
      } catch {
        throw new LibraryError(`${path} has no ${name}`, name)
      }
    }
    return new Notes(koffi, library, calls as Record<Name, Native>)
  }

  /** Once in the life of a process. `program`: the folder of the programs; its name in front tells the library where it is. */
  init(library: string, ini: string): void {
    // The library may look at them for as long as the process lives: they are never freed.
    const texts = [`${dirname(library)}/failsafe`, `=${ini}`].map(text => terminated(text))
    const argv = this.#koffi.alloc('void *', texts.length + 1)
    const pointers = texts.map(text => {
      const memory = this.#koffi.alloc('uint8_t', text.length)
      this.#koffi.encode(memory, 'uint8_t', Array.from(text), text.length)
      return memory
    })
    this.#koffi.encode(argv, 'void *', [...pointers, null], texts.length + 1)
    const code = statusOf(this.#calls.NotesInitExtended(texts.length, argv))
    // Nothing of the library may be called now, not even for the words.
    if (code !== 0) throw new NotesError('NotesInitExtended', code, 'the Notes API could not be initialised')
  }

  term(): void {
    this.#calls.NotesTerm()
  }

  open(path: string): Handle {
    const handle = Buffer.alloc(8)
    this.#check('NSFDbOpen', this.#calls.NSFDbOpen(this.#name(path), handle))
    return handle.readBigUInt64LE()
  }

  close(database: Handle): void {
    this.#check('NSFDbClose', this.#calls.NSFDbClose(database))
  }

  /** Where the database really is. */
  pathOf(database: Handle): string {
    const [canonical, expanded] = [Buffer.alloc(pathSize), Buffer.alloc(pathSize)]
    this.#check('NSFDbPathGet', this.#calls.NSFDbPathGet(database, canonical, expanded))
    return this.#text(expanded)
  }

  logInfo(database: Handle): LogInfo {
    const [logged, logId, dbiid, first] = [8, 16, 16, 8].map(size => Buffer.alloc(size)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ]
    this.#check('NSFDbGetLogInfo', this.#calls.NSFDbGetLogInfo(database, noFlags, logged, logId, dbiid, first))
    return {
      logged: logged.readBigUInt64LE() !== 0n,
      logId: hex(logId),
      dbiid: hex(dbiid),
      firstExtent: first.readUInt32LE(),
    }
  }

  /** From now on the image of this moment is kept. @returns `size`: of that image, in bytes */
  startBackup(database: Handle): { context: Handle; size: number } {
    const [context, low, high] = [Buffer.alloc(8), Buffer.alloc(4), Buffer.alloc(4)]
    this.#check('NSFBackupStart', this.#calls.NSFBackupStart(database, noFlags, context, low, high))
    return { context: context.readBigUInt64LE(), size: together(low, high) }
  }

  /** @param bytes that were read already */
  setHighWaterMark(database: Handle, context: Handle, bytes: number): void {
    const [low, high] = apart(bytes)
    this.#check('NSFBackupSetHighWaterMark', this.#calls.NSFBackupSetHighWaterMark(database, context, low, high))
  }

  stopBackup(database: Handle, context: Handle): void {
    this.#check('NSFBackupStop', this.#calls.NSFBackupStop(database, context))
  }

  changeInfoSize(database: Handle, context: Handle): number {
    const [low, high] = [Buffer.alloc(4), Buffer.alloc(4)]
    this.#check(
      'NSFBackupGetChangeInfoSize',
      this.#calls.NSFBackupGetChangeInfoSize(database, context, noFlags, low, high),
    )
    return together(low, high)
  }

  /** The next piece, in order; undefined after the last. Valid until the next is asked for. */
  nextChangeInfo(database: Handle, context: Handle, buffer: Buffer): Buffer | undefined {
    const filled = Buffer.alloc(4)
    this.#check(
      'NSFBackupGetNextChangeInfo',
      this.#calls.NSFBackupGetNextChangeInfo(database, context, noFlags, buffer, buffer.length, filled),
    )
    const length = filled.readUInt32LE()
    return length === 0 ? undefined : buffer.subarray(0, length)
  }

  /** Room for a piece of change information: the same for each database. */
  readonly changeInfoBuffer = Buffer.alloc(changeInfoSize)

  endBackup(database: Handle, context: Handle, how: 'whole' | 'abort'): void {
    this.#check('NSFBackupEnd', this.#calls.NSFBackupEnd(database, context, how === 'abort' ? abort : noFlags))
  }

  startApply(copy: string, size: number): Handle {
    const context = Buffer.alloc(8)
    const [low, high] = apart(size)
    this.#check(
      'NSFBackupStartApplyChangeInfo',
      this.#calls.NSFBackupStartApplyChangeInfo(context, this.#name(copy), noFlags, low, high),
    )
    return context.readBigUInt64LE()
  }

  applyNext(apply: Handle, piece: Buffer): void {
    this.#check(
      'NSFBackupApplyNextChangeInfo',
      this.#calls.NSFBackupApplyNextChangeInfo(apply, noFlags, piece, piece.length),
    )
  }

  endApply(apply: Handle, how: 'whole' | 'abort'): void {
    this.#check(
      'NSFBackupEndApplyChangeInfo',
      this.#calls.NSFBackupEndApplyChangeInfo(apply, how === 'abort' ? abort : noFlags),
    )
  }

  /** Null where the server has no transaction log. */
  logStyle(): LogStyle | null {
    const style = Buffer.alloc(2)
    const code = statusOf(this.#calls.NSFGetTransLogStyle(style))
    if (code === status.notLogged) return null
    this.#check('NSFGetTransLogStyle', code)
    return (['circular', 'archive', 'linear'] as const)[style.readUInt16LE()] ?? null
  }

  /** Nobody else archives logs until `endArchiving`. */
  beginArchiving(): void {
    this.#check('NSFBeginArchivingLogs', this.#calls.NSFBeginArchivingLogs())
  }

  endArchiving(): void {
    this.#check('NSFEndArchivingLogs', this.#calls.NSFEndArchivingLogs())
  }

  /** The closed extents that wait, in order, and the one that is still written behind them. */
  waitingExtents(): Extent[] {
    const extents: Extent[] = []
    for (let call = 'NSFGetFirstLogToArchive' as 'NSFGetFirstLogToArchive' | 'NSFGetNextLogToArchive'; ; ) {
      const [logId, number, path] = [Buffer.alloc(16), Buffer.alloc(4), Buffer.alloc(pathSize)]
      const code = statusOf(this.#calls[call](logId, number, path))
      const closed = code !== status.noMoreExtents
      if (closed) this.#check(call, code)
      if (closed || path[0] !== 0)
        extents.push({ logId: hex(logId), number: number.readUInt32LE(), path: this.#text(path), closed })
      if (!closed) return extents
      call = 'NSFGetNextLogToArchive'
    }
  }

  /** From now on the server may use this extent again. */
  doneArchiving({ logId, number }: Pick<Extent, 'logId' | 'number'>): void {
    const sequence = Buffer.alloc(4)
    sequence.writeUInt32LE(number)
    this.#check('NSFDoneArchivingLog', this.#calls.NSFDoneArchivingLog(Buffer.from(logId, 'hex'), sequence))
  }

  /** Nobody has it open any more; its file stays. @param wait milliseconds */
  takeOffline(path: string, wait: number): void {
    this.#check('NSFTakeDatabaseOffline', this.#calls.NSFTakeDatabaseOffline(this.#name(path), wait, keepFile))
  }

  bringOnline(path: string): void {
    this.#check('NSFBringDatabaseOnline', this.#calls.NSFBringDatabaseOnline(this.#name(path), noFlags))
  }

  /**
   * Rolls a backup that lies in its place forward by the log.
   * @param fetch puts an extent at a path; false where there is none. Called on this thread, while this waits
   */
  recover(path: string, fetch: (logId: string, number: number, to: string) => boolean): void {
    const koffi = this.#koffi
    const pointer = koffi.pointer(koffi.proto('uint16_t', ['void *', 'uint32_t', 'void *']))
    const recover = this.#optional('NSFRecoverDatabases', ['void *', pointer, 'uint32_t', 'void *', 'void *'])
    const callback = koffi.register((logId: unknown, number: number, to: unknown) => {
      const id = Buffer.from(koffi.decode(logId, 'uint8_t', 16) as Uint8Array)
      return fetch(hex(id), number, this.#text(stringAt(koffi, to))) ? 0 : status.extentNotRetrieved
    }, pointer)
    try {
      const names = Buffer.concat([this.#name(path), Buffer.alloc(1)])
      this.#check('NSFRecoverDatabases', recover(names, callback, noFlags, Buffer.alloc(2), Buffer.alloc(8)))
    } finally {
      koffi.unregister(callback)
    }
  }

  /** What only a restore needs. */
  #optional(name: string, parameters: (string | Koffi.TypeObject)[]): Native {
    try {
      return this.#library.func(name, 'uint16_t', parameters)
    } catch {
      throw new LibraryError(`the library has no ${name}`, name)
    }
  }

  #check(call: string, returned: number): void {
    const code = statusOf(returned)
    if (code === 0) return
    const buffer = Buffer.alloc(512)
    const length = this.#calls.OSLoadString(0n, code, buffer, buffer.length)
    throw new NotesError(call, code, this.#text(buffer.subarray(0, length)) || 'no words for it')
  }

  /** In LMBCS, with its end. */
  #name(text: string): Buffer {
    const native = process.platform === 'win32' ? text.replaceAll('/', '\\') : text
    const utf8 = Buffer.from(native)
    if (utf8.every(byte => byte < 0x80)) return terminated(native)
    return Buffer.concat([this.#translate(toLmbcs, utf8), Buffer.alloc(1)])
  }

  #text(lmbcs: Buffer): string {
    const end = lmbcs.indexOf(0)
    const bytes = end < 0 ? lmbcs : lmbcs.subarray(0, end)
    if (bytes.every(byte => byte >= 0x20 && byte < 0x80)) return bytes.toString('latin1')
    return this.#translate(fromLmbcs, bytes).toString('utf8')
  }

  #translate(mode: number, bytes: Buffer): Buffer {
    const out = Buffer.alloc(bytes.length * 4 + 16)
    const length = this.#calls.OSTranslate(mode, bytes, bytes.length, out, out.length)
    return out.subarray(0, length)
  }
}

function stringAt(koffi: typeof Koffi, pointer: unknown): Buffer {
  const bytes: number[] = []
  for (let at = 0; at < pathSize; at++) {
    const byte = koffi.decode(pointer, at, 'uint8_t') as number
    bytes.push(byte)
    if (byte === 0) break
  }
  return Buffer.from(bytes)
}

function terminated(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

const hex = (bytes: Buffer) => bytes.toString('hex')
const word = 2 ** 32
const together = (low: Buffer, high: Buffer) => high.readUInt32LE() * word + low.readUInt32LE()
const apart = (size: number): [low: number, high: number] => [size % word, Math.floor(size / word)]
