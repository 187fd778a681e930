import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary directory that goes when its scope ends. */
export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'failsafe-uploader-'))
  return {
    path,
    in: (...names: string[]) => join(path, ...names),
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true })
    },
  }
}
