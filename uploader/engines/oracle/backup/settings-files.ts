import type { ArtefactRole } from '../../../../shared/manifest.ts'
import type { StagedArtefact } from '../../engine.ts'
import { text, textOrNull } from '../../row.ts'
import { explain, StatementError } from '../connection/errors.ts'
import { FileUnreadable } from '../files/server-file.ts'
import { joinPath, safeName } from '../files/server-path.ts'
import { wholeFile } from '../files/whole-file.ts'
import { dataFilesOf, topologyOf } from '../inspect.ts'
import type { DataFile } from '../inventory.ts'
import * as statements from '../statements/backup.ts'
import type { Statement } from '../statements/statement.ts'
import { type Description, describe } from './description.ts'
import { explainFile, explainWrite } from './explain.ts'
import type { Run } from './run.ts'

/** `prefix`: of the names that the server is told to write. */
type SettingsRun = Pick<Run, 'control' | 'files' | 'settings' | 'inventory' | 'prefix' | 'context'>

/** Artefacts that belong to no thread. */
export const wholeDatabase = 'database'

const refused = 1031

/** Control file, its trace, parameters and what else is wanted. The server writes them into the exchange directory, from where they are read and removed. */
export class SettingsFiles {
  readonly #run: SettingsRun
  /** What lies in the exchange directory because of us. */
  readonly #written = new Set<string>()

  constructor(run: SettingsRun) {
    this.#run = run
  }

  /** @param full whether the files of `also` come along */
  async *artefacts(full: boolean): AsyncGenerator<StagedArtefact> {
    const { settings } = this.#run
    const { path, description } = await this.#controlFile()
    yield this.#fromServer('control.ctl', 'control-file', 2, path)
    yield this.#fromServer('control.sql', 'config', 3, await this.#write('control.sql', statements.traceControlFile))
    yield constant('database.json', 'file', 0, `${JSON.stringify(description, undefined, 1)}\n`)
    yield* this.#parameters(description.parameters)
    if (!full) return
    for (const [i, path] of settings.also.entries())
      yield this.#existing(`also/${i + 1}-${safeName(path)}`, 'config', 4, path)
  }

  /** A copy of the control file, and what the database is like: both know the same data files. */
  async #controlFile(): Promise<{ path: string; description: Description }> {
    const { control, inventory, context } = this.#run
    const { signal } = context
    const known = async () => (await control.again(session => dataFilesOf(session), signal)).dataFiles
    const numbers = (files: readonly DataFile[]) => files.map(({ number }) => number).join()
    for (let before = await known(); ; ) {
      const path = await this.#write('control.ctl', statements.copyControlFile)
      const after = await known()
      if (numbers(before) === numbers(after))
        return { path, description: await describe(control, inventory, after, signal) }
      before = after
    }
  }

  async *#parameters(known: Record<string, string>): AsyncGenerator<StagedArtefact> {
    const { settings, context } = this.#run
    const name = 'init.ora'
    if (!known.spfile && settings.parameterFile !== undefined) {
      yield this.#existing(name, 'config', 1, settings.parameterFile)
      return
    }
    const from = known.spfile ? 'SPFILE' : 'MEMORY'
    if (from === 'MEMORY')
      context.warn(
        'oracle-parameters',
        'the database was started from a text file of parameters that the source does not name (parameterFile); what is in force now is backed up instead',
      )
    try {
      yield this.#fromServer(
        name,
        'config',
        1,
        await this.#write(name, path => statements.createParameterFile(path, from), { mayRefuse: true }),
      )
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      yield* this.#madeParameters(name)
    }
  }

  /** For an account that may not have the server write its parameters. */
  async *#madeParameters(name: string): AsyncGenerator<StagedArtefact> {
    const { control, context } = this.#run
    const rows = await control.query(statements.specifiedParameters, { signal: context.signal })
    if (rows.length === 0) {
      context.warn(
        'oracle-parameters',
        'the parameters are not backed up: the account may not have the server write them (SYSBACKUP may), and there is no server parameter file to read them from',
      )
      return
    }
    const lines = rows.flatMap(row => {
      const value = textOrNull(row, 'value')
      return value === null ? [] : [`${text(row, 'sid')}.${text(row, 'name')}=${parameterText(value)}\n`]
    })
    yield constant(name, 'config', 1, lines.join(''))
  }

  /** @param options.mayRefuse a missing right is thrown as it is */
  async #write(name: string, statement: (path: string) => Statement, options = { mayRefuse: false }): Promise<string> {
    const { control, settings, prefix, context } = this.#run
    const path = joinPath(settings.directory, `${prefix}${name}`)
    this.#written.add(path)
    try {
      await control.run(statement(path), { signal: context.signal })
    } catch (error) {
      this.#written.delete(path)
      if (options.mayRefuse && error instanceof StatementError && error.number === refused) throw error
      throw explainWrite(error, path)
    }
    return path
  }

  #fromServer(name: string, role: ArtefactRole, order: number, path: string): StagedArtefact {
    return this.#artefact(name, role, order, path, () => this.#remove(path))
  }

  #existing(name: string, role: ArtefactRole, order: number, path: string): StagedArtefact {
    return this.#artefact(name, role, order, path, async () => {})
  }

  #artefact(name: string, role: ArtefactRole, order: number, path: string, done: () => Promise<void>): StagedArtefact {
    const { files, settings } = this.#run
    return {
      name,
      role,
      unit: wholeDatabase,
      order,
      attributes: { path },
      async *read() {
        try {
          yield* wholeFile(files, path)
        } catch (error) {
          throw explain(explainFile(error, topologyOf(settings)))
        }
        await done()
      },
    }
  }

  /** What stays is overwritten by the next run: the names are the same. */
  async #remove(path: string): Promise<void> {
    const { files, context } = this.#run
    try {
      await files.remove(path)
    } catch (error) {
      if (!(error instanceof FileUnreadable || error instanceof StatementError)) throw error
      context.warn('oracle-left-behind', `${path} stays on the server: ${error.message}`)
    }
    this.#written.delete(path)
  }

  async close(): Promise<void> {
    for (const path of this.#written) await this.#remove(path)
  }
}

function constant(name: string, role: ArtefactRole, order: number, content: string): StagedArtefact {
  return {
    name,
    role,
    unit: wholeDatabase,
    order,
    async *read() {
      yield Buffer.from(content)
    },
  }
}

/** As a parameter file has it: lists are several values. */
function parameterText(value: string): string {
  if (/^[\w.]+$/.test(value)) return value
  return value
    .split(', ')
    .map(each => `'${each.replaceAll("'", "''")}'`)
    .join(',')
}
