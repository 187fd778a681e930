import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunId, SourceId } from '../../shared/ids.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { stagingFailure } from './failures.ts'

/** Where one run keeps its sealed parts and its journal: `<staging>/<source>/<run>/`, for this user only. */
export class RunDirectory {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** @throws Failure `staging-unwritable`, `staging-full`, … */
  static async make(staging: string, source: SourceId, run: RunId): Promise<RunDirectory> {
    const path = join(staging, source, run)
    try {
      await makeDirectory(path, 0o700)
    } catch (error) {
      throw stagingFailure(error, staging)
    }
    return new RunDirectory(path)
  }

  /** What runs of this source have left behind. The caller holds the source, so none of them is alive. */
  static async remains(staging: string, source: SourceId): Promise<RunDirectory[]> {
    const parent = join(staging, source)
    try {
      const entries = await readdir(parent, { withFileTypes: true })
      return entries.filter(entry => entry.isDirectory()).map(entry => new RunDirectory(join(parent, entry.name)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
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

  part(pack: number, number: number): string {
    return join(this.path, `${pack}-${number}.part`)
  }

  /** Removes the parts and keeps the journal: for a snapshot that the receiver does not know to be over. */
  async empty(): Promise<void> {
    const names = await readdir(this.path)
    await Promise.all(
      names
        .filter(name => join(this.path, name) !== this.journal)
        .map(name => rm(join(this.path, name), { recursive: true, force: true })),
    )
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}
