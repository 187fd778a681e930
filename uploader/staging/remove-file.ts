import { rm } from 'node:fs/promises'
import { stagingFailure } from './failures.ts'

/** Removes a part file; one that is gone already is no error. @throws Failure of the staging directory: what is staged is as good as before */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch(error => {
    throw stagingFailure(error, path)
  })
}
