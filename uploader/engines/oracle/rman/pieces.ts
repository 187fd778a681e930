import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { BackupContext, StagedArtefact } from '../../engine.ts'
import type { ServerFiles } from '../files/server-file.ts'
import { joinPath, pathHere } from '../files/server-path.ts'
import { wholeFile } from '../files/whole-file.ts'
import type { RmanSettings, Settings } from '../settings.ts'
import { backUpDatabase, connect, forget } from './commands.ts'
import { runRman } from './program.ts'

export interface PiecesRun {
  settings: Settings
  rman: RmanSettings
  files: ServerFiles
  /** Of what is written into the exchange directory by this source. */
  prefix: string
  unit: string
  context: Pick<BackupContext, 'signal' | 'warn'>
}

/** A full backup by RMAN: it writes its pieces into the exchange directory, from where they are sealed and removed one by one. */
export class Pieces {
  readonly #run: PiecesRun
  readonly #prefix: string

  constructor(run: PiecesRun) {
    this.#run = run
    this.#prefix = `${run.prefix}rman-`
  }

  /** Has RMAN write them: when this returns, it has read all data files. @throws as `runRman` */
  async make(): Promise<void> {
    const { settings, rman, context } = this.#run
    // What a killed run left there.
    await this.close()
    const tag = this.#prefix.replaceAll('-', '_').toUpperCase().slice(0, 30)
    const format = joinPath(settings.directory, `${this.#prefix}%U`)
    const { complaints } = await runRman(rman, [connect, backUpDatabase(format, tag), forget(tag)], context.signal)
    for (const line of complaints) context.warn('rman-warning', line)
    if ((await this.#names()).length === 0)
      throw new Failure('rman-failed', `RMAN ended well, and wrote nothing into ${settings.directory}`, {
        fix: 'See whether the source names the directory as the server and this machine do (directory, paths)',
      })
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    for (const [i, name] of (await this.#names()).entries()) yield this.#piece(name, i)
  }

  #piece(name: string, index: number): StagedArtefact {
    const { settings, files, unit } = this.#run
    const path = joinPath(settings.directory, name)
    return {
      name: `rman/${name.slice(this.#prefix.length)}.bkp`,
      role: 'data',
      unit,
      order: 10 + index,
      attributes: { piece: String(index + 1) },
      async *read() {
        yield* wholeFile(files, path)
        await files.remove(path)
      },
    }
  }

  async #names(): Promise<string[]> {
    const { settings } = this.#run
    const here = pathHere(settings.directory, settings.paths)
    try {
      return (await readdir(here)).filter(name => name.startsWith(this.#prefix)).sort()
    } catch (error) {
      throw new Failure('oracle-directory', `The directory ${here} cannot be read`, {
        why: messageOf(error),
        fix: 'Make it, and give the account of failsafe and that of the server rights in it',
        cause: error,
      })
    }
  }

  /** Removes what lies there still. */
  async close(): Promise<void> {
    const { settings } = this.#run
    const here = pathHere(settings.directory, settings.paths)
    for (const name of await this.#names()) await rm(join(here, name), { force: true })
  }
}
