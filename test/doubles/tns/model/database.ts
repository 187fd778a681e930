import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeControlFile } from '../files/control-file.ts'
import {
  createDataFile,
  type DataFileHeader,
  encodeValue,
  extendDataFile,
  firstDataBlock,
  writeBlocks,
  writeHeader,
} from '../files/data-file.ts'
import { fileKind } from '../files/file-header.ts'
import { encodeTime } from '../files/time.ts'
import { Logs } from './logs.ts'
import type { Change, Container, DataFile, Directory, Incarnation, Tablespace } from './nouns.ts'
import { Parameters } from './parameters.ts'

export interface DatabaseOptions {
  /** Where its files are made. */
  directory: string
  name?: string
  uniqueName?: string
  databaseId?: number
  /** The time in UTC. */
  now?: () => Date
  /** Minutes that the clock of the database is before UTC. */
  offsetMinutes?: number
  archiveLog?: boolean
  threads?: number
  /** Copies of each archived log, each in a destination of its own. */
  destinations?: number
  /** Names of pluggable databases; the database has containers when there is one at least. */
  pluggable?: string[]
  /** Tablespaces beside SYSTEM, SYSAUX, UNDOTBS1 and USERS, in the root. */
  tablespaces?: string[]
  /** Bytes. */
  blockSize?: number
  /** Of each data file. */
  blocks?: number
  /** Bytes of each online log. */
  logBytes?: number
  firstScn?: bigint
  /** Started from a server parameter file, as usual, or from a text file. */
  spfile?: boolean
}

/**
 * An Oracle database that is files in a directory: data files with valid headers, online and archived redo logs, control files. It can be
 * written to, switches its logs, and knows what was written at each SCN.
 *
 * What it refuses is not told here but in rules/.
 */
export class Database {
  readonly name: string
  readonly uniqueName: string
  databaseId: number
  readonly directory: string
  readonly blockSize: number
  readonly offsetMinutes: number
  readonly containers: Container[]
  readonly tablespaces: Tablespace[] = []
  readonly dataFiles: DataFile[] = []
  readonly tempFiles: { number: number; name: string; bytes: number; container: number }[] = []
  readonly controlFiles: string[]
  readonly incarnations: Incarnation[] = []
  readonly directories: Directory[] = []
  readonly parameters: Parameters
  readonly logs: Logs
  readonly created: Date
  readonly spfile: string | null
  archiveLog: boolean
  status: 'OPEN' | 'MOUNTED' | 'STARTED' = 'OPEN'
  /** Every file ends where its checkpoint is, which the control file says: nothing was written behind that. */
  closedCleanly = false
  role: 'PRIMARY' | 'PHYSICAL STANDBY' = 'PRIMARY'
  readOnly = false
  controlFileType: 'CURRENT' | 'BACKUP' | 'CREATED' = 'CURRENT'
  #scn: bigint
  readonly #now: () => Date
  readonly #changes: Change[] = []
  readonly #times: { scn: bigint; time: Date }[] = []
  /** Blocks whose next record of redo must hold the whole block: the first change of each in backup mode does. */
  readonly #imaged = new Set<string>()

  constructor(options: DatabaseOptions) {
    this.directory = options.directory
    this.name = options.name ?? 'SHOP'
    this.uniqueName = options.uniqueName ?? this.name.toLowerCase()
    this.databaseId = options.databaseId ?? 3_735_928_559
    this.blockSize = options.blockSize ?? 8192
    this.offsetMinutes = options.offsetMinutes ?? 0
    this.archiveLog = options.archiveLog ?? true
    this.#scn = options.firstScn ?? 1_900_000n
    this.#now = options.now ?? (() => new Date())
    this.created = this.clock()
    const pluggable = options.pluggable ?? []
    this.containers = containersOf(pluggable)
    for (const part of ['oradata', 'dbs', 'diag']) mkdirSync(join(this.directory, part), { recursive: true })
    this.controlFiles = ['control01.ctl', 'control02.ctl'].map(file => join(this.directory, 'oradata', file))
    this.spfile = (options.spfile ?? true) ? join(this.directory, 'dbs', `spfile${this.name.toLowerCase()}.ora`) : null
    this.parameters = new Parameters(this)
    const resetlogsScn = this.#scn
    const time = this.clock()
    this.incarnations.push({
      number: 1,
      prior: 0,
      resetlogsScn,
      resetlogsTime: time,
      resetlogsId: encodeTime(time),
      status: 'CURRENT',
    })
    this.logs = new Logs(this, {
      threads: options.threads ?? 1,
      destinations: options.destinations ?? 1,
      bytes: options.logBytes ?? 256 * 1024,
    })
    this.#create(options.tablespaces ?? [], options.blocks ?? 32)
    this.parameters.save()
  }

  #create(more: string[], blocks: number): void {
    for (const { id, name } of this.containers) {
      const names = ['SYSTEM', 'SYSAUX', 'UNDOTBS1', ...(id === 2 ? [] : ['USERS']), ...(id <= 1 ? more : [])]
      for (const tablespace of names) this.#createTablespace(tablespace, id, blocks, id > 1 ? name : null)
      this.tempFiles.push({
        number: this.tempFiles.length + 1,
        name: join(this.directory, 'oradata', id > 1 ? `${folderOf(name)}_temp01.dbf` : 'temp01.dbf'),
        bytes: 1_048_576,
        container: id,
      })
    }
    this.checkpoint()
  }

  #createTablespace(name: string, container: number, blocks: number, pluggable: string | null): Tablespace {
    const tablespace: Tablespace = {
      number: this.tablespaces.filter(other => other.container === container).length,
      name,
      container,
      bigfile: false,
      kind: name.startsWith('UNDO') ? 'UNDO' : 'PERMANENT',
      readOnly: false,
      offline: false,
    }
    this.tablespaces.push(tablespace)
    const folder = join(this.directory, 'oradata', pluggable === null ? '' : folderOf(pluggable))
    mkdirSync(folder, { recursive: true })
    this.addFile(tablespace, join(folder, `${name.toLowerCase()}01.dbf`), blocks)
    return tablespace
  }

  get hasContainers(): boolean {
    return this.containers[0]!.id === 1
  }

  get openMode(): 'READ WRITE' | 'READ ONLY' | 'MOUNTED' {
    if (this.status !== 'OPEN') return 'MOUNTED'
    return this.readOnly ? 'READ ONLY' : 'READ WRITE'
  }

  get incarnation(): Incarnation {
    return this.incarnations.at(-1)!
  }

  get currentScn(): bigint {
    return this.#scn
  }

  nextScn(): bigint {
    this.#scn++
    const time = this.clock()
    // As coarse as the server's own list.
    if (time.getTime() - (this.#times.at(-1)?.time.getTime() ?? 0) >= 1000) this.#times.push({ scn: this.#scn, time })
    return this.#scn
  }

  /** About when an SCN was; null for one that was not yet, or is forgotten. */
  timeOf(scn: bigint): Date | null {
    return scn > this.#scn ? null : (this.#times.findLast(known => known.scn <= scn)?.time ?? null)
  }

  /** What the clock of the database shows, in the UTC fields. */
  clock(): Date {
    return new Date(this.#now().getTime() + this.offsetMinutes * 60_000)
  }

  tablespace(name: string, container = this.containers[0]!.id): Tablespace | undefined {
    return this.tablespaces.find(tablespace => tablespace.name === name && tablespace.container === container)
  }

  file(number: number): DataFile {
    return this.dataFiles.find(file => file.number === number)!
  }

  filesOf(tablespace: Tablespace): DataFile[] {
    return this.dataFiles.filter(file => file.tablespace === tablespace)
  }

  /** A tablespace of the root, with one file. */
  createTablespace(name: string, blocks = 32): Tablespace {
    const tablespace = this.#createTablespace(name, this.containers[0]!.id, blocks, null)
    this.saveControlFiles()
    return tablespace
  }

  addFile(tablespace: Tablespace, path: string, blocks: number): DataFile {
    const number = this.dataFiles.length + 1
    const scn = this.logs.append({
      kind: 'create-file',
      file: number,
      name: path,
      blocks,
      tablespace: tablespace.number,
      tablespaceName: tablespace.name,
    })
    const time = this.clock()
    const file: DataFile = {
      number,
      tablespace,
      path,
      name: path,
      blocks,
      needsRecovery: false,
      creationScn: scn,
      creationTime: time,
      checkpointScn: scn,
      checkpointTime: time,
      checkpointCount: 1,
      unrecoverableScn: 0n,
      unrecoverableTime: null,
      backup: { active: false, scn: 0n, time: null },
    }
    this.dataFiles.push(file)
    createDataFile(path, this.headerOf(file))
    this.saveControlFiles()
    return file
  }

  /** Makes a file longer, as autoextend does. */
  extend(number: number, by: number): void {
    const file = this.file(number)
    const from = file.blocks
    file.blocks += by
    const scn = this.logs.append({ kind: 'resize-file', file: number, blocks: file.blocks })
    extendDataFile(file.path, this.headerOf(file), from, scn)
    this.saveControlFiles()
  }

  /** Blocks that can be written to. */
  blocksOf(number: number): number[] {
    const { blocks } = this.file(number)
    return Array.from({ length: blocks - firstDataBlock + 1 }, (_, index) => firstDataBlock + index)
  }

  /** Changes a block and commits. @returns the SCN */
  write(number: number, block: number, value: string, thread = 1): bigint {
    const { scn, bytes, offset } = this.#change(number, block, value, thread)
    writeBlocks(this.file(number).path, bytes, offset)
    return scn
  }

  /** Half of a block gets to the disk; the rest when the function that is given back is called. A copy made meanwhile holds a torn block. */
  writeHalf(number: number, block: number, value: string): () => void {
    const { bytes, offset } = this.#change(number, block, value, 1)
    const { path } = this.file(number)
    const half = bytes.length / 2
    writeBlocks(path, bytes.subarray(0, half), offset)
    return () => writeBlocks(path, bytes.subarray(half), offset + half)
  }

  #change(number: number, block: number, value: string, thread: number) {
    const file = this.file(number)
    const key = `${number}:${block}`
    // In backup mode the first change of a block writes the whole of it, so that a torn copy is mended.
    const image = file.backup.active && !this.#imaged.has(key)
    if (image) this.#imaged.add(key)
    const scn = this.logs.append({ kind: 'change', file: number, block, value, image }, thread)
    this.#changes.push({ scn, time: this.clock(), file: number, block, value })
    return { scn, bytes: encodeValue(number, block, scn, value, this.blockSize), offset: block * this.blockSize }
  }

  /** Changes a block without redo for what it holds, as a direct load into a NOLOGGING table does. */
  writeUnlogged(number: number, block: number, value: string): bigint {
    const file = this.file(number)
    const scn = this.logs.append({ kind: 'unlogged', file: number, block })
    this.#changes.push({ scn, time: this.clock(), file: number, block, value })
    writeBlocks(file.path, encodeValue(number, block, scn, value, this.blockSize), block * this.blockSize)
    file.unrecoverableScn = scn
    file.unrecoverableTime = this.clock()
    return scn
  }

  /** Every value by `file:block` as it was right after an SCN; a block that was never written to is not named. */
  stateAt(scn: bigint): Map<string, string> {
    return new Map(
      this.#changes.filter(change => change.scn <= scn).map(({ file, block, value }) => [`${file}:${block}`, value]),
    )
  }

  get changes(): readonly Change[] {
    return this.#changes
  }

  /** Advances the headers of all files but those in backup mode, which stand still, and those that cannot be written to. */
  checkpoint(): bigint {
    const scn = this.nextScn()
    for (const file of this.dataFiles)
      if (!file.backup.active && !file.needsRecovery && !this.standsStill(file)) this.checkpointFile(file, scn)
    this.saveControlFiles()
    return scn
  }

  /** Nobody writes to it: read only, offline, or of a container that is not open for writing. */
  standsStill({ tablespace }: DataFile): boolean {
    const container = this.containers.find(({ id }) => id === tablespace.container)!
    return tablespace.readOnly || tablespace.offline || container.openMode !== 'READ WRITE'
  }

  checkpointFile(file: DataFile, scn: bigint): void {
    file.checkpointScn = scn
    file.checkpointTime = this.clock()
    file.checkpointCount++
    writeHeader(file.path, this.headerOf(file))
  }

  beginBackup(files: DataFile[]): void {
    const scn = this.nextScn()
    for (const file of files) {
      this.checkpointFile(file, scn)
      file.backup = { active: true, scn, time: this.clock() }
      writeHeader(file.path, this.headerOf(file))
    }
    this.saveControlFiles()
  }

  endBackup(files: DataFile[]): void {
    for (const file of files) {
      const scn = this.logs.append({ kind: 'end-backup', file: file.number, began: file.backup.scn })
      file.backup.active = false
      for (const key of [...this.#imaged]) if (key.startsWith(`${file.number}:`)) this.#imaged.delete(key)
      this.checkpointFile(file, scn)
    }
    this.saveControlFiles()
  }

  /** Opens a new history: sequences begin at 1 again, and no log of before continues it. */
  openResetlogs(): void {
    const time = this.clock()
    const scn = this.nextScn()
    const last = this.incarnation
    last.status = 'PARENT'
    this.incarnations.push({
      number: last.number + 1,
      prior: last.number,
      resetlogsScn: scn,
      resetlogsTime: time,
      // Two of them within a second would have one name.
      resetlogsId: Math.max(encodeTime(time), last.resetlogsId + 1),
      status: 'CURRENT',
    })
    this.logs.reset()
    this.checkpoint()
  }

  /** The instance ends. @param cleanly what was written is in the data files, as after SHUTDOWN IMMEDIATE; not after a crash */
  end(cleanly: boolean): void {
    if (this.status === 'OPEN') {
      if (cleanly) this.checkpoint()
      this.closedCleanly = cleanly
    }
    this.status = 'STARTED'
    for (const container of this.containers) if (container.id > 2) container.openMode = 'MOUNTED'
  }

  open(): void {
    this.status = 'OPEN'
    this.closedCleanly = false
    this.checkpoint()
  }

  headerOf(file: DataFile): DataFileHeader {
    const { thread, sequence } = this.logs.current(1)
    return {
      identity: {
        databaseId: this.databaseId,
        databaseName: this.name,
        blocks: file.blocks,
        blockSize: this.blockSize,
        fileNumber: file.number,
        kind: fileKind.data,
      },
      tablespace: file.tablespace.number,
      tablespaceName: file.tablespace.name,
      relativeNumber: file.number,
      creationScn: file.creationScn,
      creationTime: file.creationTime,
      resetlogsId: this.incarnation.resetlogsId,
      resetlogsScn: this.incarnation.resetlogsScn,
      inBackup: file.backup.active,
      fuzzy: !this.standsStill(file),
      backupScn: file.backup.scn,
      checkpointScn: file.checkpointScn,
      checkpointTime: file.checkpointTime,
      checkpointThread: thread,
      checkpointSequence: sequence,
      checkpointCount: file.checkpointCount,
    }
  }

  saveControlFiles(): void {
    for (const path of this.controlFiles) this.writeControlFile(path, false)
  }

  writeControlFile(path: string, isBackup: boolean): void {
    writeControlFile(path, {
      databaseId: this.databaseId,
      databaseName: this.name,
      isBackup,
      resetlogsId: this.incarnation.resetlogsId,
      resetlogsScn: this.incarnation.resetlogsScn,
      checkpointScn: this.#scn,
      threads: this.logs.threads.filter(({ enabled }) => enabled).map(({ number }) => number),
      dataFiles: this.dataFiles.map(file => ({
        number: file.number,
        name: file.name,
        blocks: file.blocks,
        creationScn: file.creationScn,
        readOnly: this.standsStill(file) && !file.tablespace.offline,
        offline: file.tablespace.offline || file.needsRecovery,
      })),
    })
  }
}

function containersOf(pluggable: string[]): Container[] {
  if (pluggable.length === 0) return [{ id: 0, name: '', openMode: 'READ WRITE' }]
  return [
    { id: 1, name: 'CDB$ROOT', openMode: 'READ WRITE' },
    { id: 2, name: 'PDB$SEED', openMode: 'READ ONLY' },
    ...pluggable.map((name, index) => ({ id: index + 3, name: name.toUpperCase(), openMode: 'READ WRITE' as const })),
  ]
}

function folderOf(container: string): string {
  return container.toLowerCase().replace('$', '')
}
