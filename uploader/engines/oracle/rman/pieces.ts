import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { StagedArtefact } from '../../engine.ts'
import type { Run } from '../backup/run.ts'
import { wholeDatabase } from '../backup/settings-files.ts'
import { joinPath, pathHere } from '../files/server-path.ts'
import { wholeFile } from '../files/whole-file.ts'
import type { RmanSettings } from '../settings.ts'
import { backUpDatabase, connect, forget } from './commands.ts'
import { runRman } from './program.ts'

type PiecesRun = Pick<Run, 'settings' | 'files' | 'prefix' | 'context'>

/** A full backup by RMAN: it writes its pieces into the exchange directory, from where they are sealed and removed one by one. */
export class Pieces {
  readonly #run: PiecesRun
  readonly #rman: RmanSettings
  /** Of what this source has written there, by any run. */
  readonly #prefix: string
  /** Of this run: RMAN outlives one that is killed, and may still be writing. */
  readonly #own: string

  /** Undefined where RMAN does not make the fulls of this source. */
  static of(run: PiecesRun): Pieces | undefined {
    const { rman, method } = run.settings
    return rman && method === 'rman' ? new Pieces(run, rman) : undefined
  }

  private constructor(run: PiecesRun, rman: RmanSettings) {
    this.#run = run
    this.#rman = rman
    this.#prefix = `${run.prefix}rman-`
    this.#own = `${this.#prefix}${randomUUID().slice(0, 8)}-`
  }

  /** Has RMAN write them: when this returns, it has read all data files. @throws as `runRman` */
  async make(): Promise<void> {
    const { settings, context } = this.#run
    // What a killed run left there.
    await this.close()
    const tag = this.#prefix.replaceAll('-', '_').toUpperCase().slice(0, 30)
    const format = joinPath(settings.directory, `${this.#own}%U`)
    const { complaints } = await runRman(
      this.#rman,
      [connect, backUpDatabase(format, tag), forget(tag)],
      context.signal,
    )
    for (const line of complaints) context.warn('rman-warning', line)
    if ((await this.#names(this.#own)).length === 0)
      throw new Failure('rman-failed', `RMAN ended well, and wrote nothing into ${settings.directory}`, {
        fix: 'See whether the source names the directory as the server and this machine do (directory, paths)',
      })
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    for (const [i, name] of (await this.#names(this.#own)).entries()) yield this.#piece(name, i)
  }

  #piece(name: string, index: number): StagedArtefact {
    const { settings, files } = this.#run
    const path = joinPath(settings.directory, name)
    return {
      name: `rman/${name.slice(this.#own.length)}.bkp`,
      role: 'data',
      unit: wholeDatabase,
      order: 10 + index,
      attributes: { piece: String(index + 1) },
      async *read() {
        yield* wholeFile(files, path)
        await files.remove(path)
      },
    }
  }

  async #names(prefix: string): Promise<string[]> {
    const { settings } = this.#run
    const here = pathHere(settings.directory, settings.paths)
    try {
      return (await readdir(here)).filter(name => name.startsWith(prefix)).sort()
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
    for (const name of await this.#names(this.#prefix)) await rm(join(here, name), { force: true })
  }
}
