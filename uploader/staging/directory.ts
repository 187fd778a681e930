import { access, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RunId, SourceId } from '../../shared/ids.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { syncDirectory } from '../files/sync-directory.ts'
import { stagingFailure } from './failures.ts'

const partSuffix = '.part'

/** Where one run keeps its sealed parts and its journal: `<staging>/<source>/<run>/`, for this user only. */
export class RunDirectory {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** On disk when it returns. @throws Failure `staging-unwritable`, `staging-full`, … */
  static async make(staging: string, source: SourceId, run: RunId): Promise<RunDirectory> {
    const path = join(staging, source, run)
    try {
      await makeDirectory(path, 0o700)
      await syncDirectory(dirname(path))
      await syncDirectory(staging)
    } catch (error) {
      throw stagingFailure(error, staging)
    }
    return new RunDirectory(path)
  }

  /** What runs of this source have left behind, the oldest first. The caller holds the source, so none of them is alive. */
  static async remains(staging: string, source: SourceId): Promise<RunDirectory[]> {
    const parent = join(staging, source)
    try {
      const entries = await readdir(parent, { withFileTypes: true })
      const names = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
      return names.sort().map(name => new RunDirectory(join(parent, name)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw stagingFailure(error, staging)
    }
  }

  /** Whether a run of before has noted what is to be undone on the server. @returns the path of the note in any case */
  static async undo(staging: string, source: SourceId): Promise<{ path: string; exists: boolean }> {
    const path = undoOf(join(staging, source))
    try {
      await access(path)
      return { path, exists: true }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, exists: false }
      throw stagingFailure(error, staging)
    }
  }

  get journal(): string {
    return join(this.path, 'journal')
  }

  get spool(): string {
    return join(this.path, 'index')
  }

  /** What the engine may need while it runs. */
  get scratch(): string {
    return join(this.path, 'scratch')
  }

  /** What the engine has to undo on the server: beside the directory, so that it stays when the run ends. */
  get undo(): string {
    return undoOf(dirname(this.path))
  }

  part(pack: number, number: number): string {
    return join(this.path, `${pack}-${number}${partSuffix}`)
  }

  isPart(path: string): boolean {
    return path.endsWith(partSuffix)
  }

  /** Removes everything but the journal and what `keeps` says: for a snapshot that the receiver does not know to be over. */
  async empty(keeps: (path: string) => boolean = () => false): Promise<void> {
    const names = await readdir(this.path).catch(error => {
      if (error.code === 'ENOENT') return []
      throw stagingFailure(error, this.path)
    })
    const paths = names.map(name => join(this.path, name))
    await Promise.all(paths.filter(path => path !== this.journal && !keeps(path)).map(remove))
  }

  /** The journal goes last: whoever finds only some of the files still learns whose they are. */
  async remove(): Promise<void> {
    await this.empty()
    await remove(this.path)
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(error => {
    throw stagingFailure(error, path)
  })
}

const undoOf = (directory: string) => join(directory, 'undo.json')
