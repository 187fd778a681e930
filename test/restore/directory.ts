import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

/** A temporary directory that goes when its scope ends. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'failsafe-restore-'))
  return {
    path,
    in: (name: string) => join(path, name),
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true })
    },
  }
}

/** Every file below a directory, with its content. */
export async function contentsOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(
      files.sort().map(async path => [relative(directory, path), await readFile(path, 'latin1')] as const),
    ),
  )
}
