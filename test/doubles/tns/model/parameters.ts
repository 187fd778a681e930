import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from './database.ts'

export interface Parameter {
  name: string
  value: string | null
  /** Set in the parameter file. */
  specified: boolean
}

/** Initialization parameters, and the files that they are kept in. */
export class Parameters {
  readonly #database: Database
  readonly #set = new Map<string, string>()

  constructor(database: Database) {
    this.#database = database
  }

  set(name: string, value: string): void {
    this.#set.set(name, value)
    this.save()
  }

  all(): Parameter[] {
    const { name, uniqueName, blockSize, controlFiles, spfile, logs } = this.#database
    const specified: Record<string, string | null> = {
      compatible: '19.0.0',
      control_files: controlFiles.join(', '),
      db_block_size: String(blockSize),
      db_name: name,
      db_unique_name: uniqueName,
      enable_pluggable_database: String(this.#database.hasContainers).toUpperCase(),
      log_archive_format: logs.format,
      remote_login_passwordfile: 'EXCLUSIVE',
      ...Object.fromEntries(
        logs.destinations.map(({ number, path }) => [`log_archive_dest_${number}`, `LOCATION=${path}`]),
      ),
      ...Object.fromEntries(this.#set),
    }
    const usual: Record<string, string | null> = {
      cluster_database: logs.threads.length > 1 ? 'TRUE' : 'FALSE',
      db_create_file_dest: null,
      db_recovery_file_dest: null,
      db_recovery_file_dest_size: '0',
      control_file_record_keep_time: '7',
      session_max_open_files: '10',
      spfile,
    }
    const list = { ...usual, ...specified }
    return Object.keys(list)
      .sort()
      .map(parameter => ({ name: parameter, value: list[parameter]!, specified: parameter in specified }))
  }

  get(name: string): string | null {
    return this.all().find(parameter => parameter.name === name)?.value ?? null
  }

  /** Writes the server parameter file, or the text file that the database was started from. */
  save(): void {
    const { spfile, name, directory } = this.#database
    if (spfile === null) writeFileSync(join(directory, 'dbs', `init${name.toLowerCase()}.ora`), this.text())
    else writeFileSync(spfile, Buffer.concat([Buffer.from('C\x22\0\0'), Buffer.alloc(508), Buffer.from(this.text())]))
  }

  /** As CREATE PFILE writes it. */
  text(): string {
    return this.all()
      .filter(({ specified, value }) => specified && value !== null)
      .map(({ name, value }) => `*.${name}=${/^\w+$/.test(value!) ? value : `'${value!.split(', ').join("','")}'`}\n`)
      .join('')
  }
}
