import { text, textOrNull } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { FileUnreadable, readWhole, type ServerFiles } from '../files/server-file.ts'
import { joinPath } from '../files/server-path.ts'
import type { Inventory } from '../inventory.ts'
import * as discovery from '../statements/discovery.ts'
import { headerOf } from '../verify/redo-log.ts'
import type { ArchivedLog } from './archived-log.ts'

/** Enough for two blocks of any size. */
const headBytes = 8192

/** Archived logs that the database does not list any more (control_file_record_keep_time), by the names that it gave them, in the directories that it archives to. */
export class LogsByName {
  readonly #control: Control
  readonly #files: ServerFiles
  readonly #inventory: Pick<Inventory, 'id' | 'incarnation'>
  #places: Promise<{ format: string; directories: string[] }> | undefined

  constructor(control: Control, files: ServerFiles, inventory: Pick<Inventory, 'id' | 'incarnation'>) {
    this.#control = control
    this.#files = files
    this.#inventory = inventory
  }

  /** @returns undefined where there is none whose header says that it is that log of this database and incarnation, and whole */
  async find(thread: number, sequence: number, signal: AbortSignal): Promise<ArchivedLog | undefined> {
    this.#places ??= this.#look(signal)
    const { format, directories } = await this.#places
    const name = nameOf(format, thread, sequence, this.#inventory.incarnation.id)
    if (name === undefined) return undefined
    for (const directory of directories) {
      const found = await this.#read(joinPath(directory, name), thread, sequence)
      if (found) return found
    }
    return undefined
  }

  async #look(signal: AbortSignal): Promise<{ format: string; directories: string[] }> {
    const parameters = await this.#control.query(discovery.parameters, { signal })
    const format = parameters.find(row => text(row, 'name') === 'log_archive_format')
    const destinations = await this.#control.query(discovery.archiveDestinations, { signal })
    return {
      format: (format && textOrNull(format, 'value')) ?? '',
      directories: destinations
        .map(row => textOrNull(row, 'destination') ?? '')
        .filter(path => /^(\/|[A-Za-z]:|\\\\)/.test(path)),
    }
  }

  async #read(path: string, thread: number, sequence: number): Promise<ArchivedLog | undefined> {
    const { id, incarnation } = this.#inventory
    const header = await this.#headerOf(path)
    const isIt =
      header?.isClosed &&
      header.databaseId === id &&
      header.incarnation === incarnation.id &&
      header.thread === thread &&
      header.sequence === sequence
    if (!isIt) return undefined
    const { firstScn, nextScn, firstTime, nextTime, blockSize, blocks } = header
    return {
      thread,
      sequence,
      incarnation: incarnation.id,
      firstScn,
      nextScn,
      firstTime,
      nextTime,
      blockSize,
      blocks,
      paths: [path],
    }
  }

  async #headerOf(path: string) {
    try {
      const file = await this.#files.open(path)
      try {
        return headerOf(await readWhole(file, 0, headBytes))
      } finally {
        await file.close()
      }
    } catch (error) {
      if (error instanceof FileUnreadable) return undefined
      throw error
    }
  }
}

/**
 * As LOG_ARCHIVE_FORMAT has it: thread, sequence and RESETLOGS_ID, in capitals with zeros before them.
 * @returns undefined for a format with other parts, and for none: names in a recovery area are of another kind, and cannot be told
 */
export function nameOf(format: string, thread: number, sequence: number, incarnation: string): string | undefined {
  const parts: Record<string, string> = {
    '%t': String(thread),
    '%s': String(sequence),
    '%r': incarnation,
    '%T': String(thread).padStart(4, '0'),
    '%S': String(sequence).padStart(10, '0'),
    '%R': incarnation.padStart(10, '0'),
  }
  const name = format.replaceAll(/%./g, part => parts[part] ?? part)
  return name === '' || name.includes('%') ? undefined : name
}
