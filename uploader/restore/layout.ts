import { lstat, mkdtemp, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Failure } from '../../shared/failure.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { syncNames } from '../files/sync-names.ts'
import { writeAll } from '../files/write-all.ts'

const partial = '.failsafe-partial-'
/** What was sealed is for the eyes of whoever opened it. */
const mode = 0o700

/**
 * Files come into being in a partial directory inside the target and move into place together, once everything has passed.
 *
 *     DIR/.failsafe-partial-x7/shop.orders.00000.sql   while it is downloaded and checked
 *     DIR/shop.orders.00000.sql                        after `place`
 *
 * `close` removes whatever was not placed. No file that was there before is ever touched.
 */
export class Layout {
  readonly directory: string
  readonly #partial: string
  /** The topmost directory that was made for this restore, if any. */
  readonly #made: string | undefined
  #placed = false

  private constructor(directory: string, partialDirectory: string, made: string | undefined) {
    this.directory = directory
    this.#partial = partialDirectory
    this.#made = made
  }

  static async open(directory: string): Promise<Layout> {
    const target = resolve(directory)
    const made = await makeDirectory(target, mode)
    return new Layout(target, await mkdtemp(join(target, partial)), made)
  }

  /** Where the files are until they are placed. */
  get unplaced(): string {
    return this.#partial
  }

  /** Directories that restores left behind which were killed. */
  async leftovers(): Promise<string[]> {
    const names = await readdir(this.directory)
    return names
      .filter(name => name.startsWith(partial))
      .map(name => join(this.directory, name))
      .filter(path => path !== this.#partial)
  }

  /** @throws Failure `restore-exists` naming the first file or folder that stands in the way */
  async requireFree(names: readonly string[]): Promise<void> {
    const folders = new Set<string>()
    for (const name of names) {
      if (await kindOf(join(this.directory, name))) throw exists(join(this.directory, name))
      for (let folder = dirname(name); folder !== '.'; folder = dirname(folder)) folders.add(folder)
    }
    for (const folder of folders) {
      const kind = await kindOf(join(this.directory, folder))
      // A symbolic link would lead the files elsewhere.
      if (kind !== undefined && kind !== 'directory') throw exists(join(this.directory, folder))
    }
  }

  /** Writes one file of the partial directory. */
  async write(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = join(this.#partial, name)
    await makeDirectory(dirname(path), mode)
    const file = await open(path, 'wx', 0o600)
    try {
      for await (const chunk of content) await writeAll(file, chunk)
      // What is called restored is still there after a power cut.
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  /** Moves all files into place, or none. */
  async place(names: readonly string[]): Promise<void> {
    const moved: string[] = []
    const folders: string[] = []
    try {
      await this.requireFree(names)
      for (const name of names) {
        const path = join(this.directory, name)
        const folder = await makeDirectory(dirname(path), mode)
        if (folder !== undefined) folders.push(folder)
        await rename(join(this.#partial, name), path)
        moved.push(path)
      }
      await this.#keepNames(names)
      this.#placed = true
    } catch (error) {
      for (const path of moved) await rm(path)
      for (const folder of folders.reverse()) await rm(folder, { recursive: true })
      throw error
    }
  }

  /** As `write` does for the content. */
  async #keepNames(names: readonly string[]): Promise<void> {
    const folders = new Set<string>()
    for (const name of names)
      for (let folder = dirname(name); folder !== '.'; folder = dirname(folder))
        folders.add(join(this.directory, folder))
    await syncNames(folders, this.directory, this.#made)
  }

  async close(): Promise<void> {
    await rm(this.#partial, { recursive: true, force: true })
    if (this.#placed || this.#made === undefined) return
    // Only directories that are still empty go, from the innermost outwards.
    for (let path = this.directory; ; path = dirname(path)) {
      const empty = await rmdir(path).then(
        () => true,
        () => false,
      )
      if (!empty || path === this.#made) return
    }
  }
}

async function kindOf(path: string): Promise<'directory' | 'other' | undefined> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'other'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function exists(path: string): Failure {
  return new Failure('restore-exists', `${path} exists already`, {
    why: 'a restore never writes over anything',
    fix: 'Choose an empty directory with --to, or move it away',
  })
}
