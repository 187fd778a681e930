import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cloud, type CloudOptions, startCloud } from '../../infra/local/cloud.ts'

export interface TestCloud extends Cloud {
  directory: string
}

/**
 * An embedded cloud in a temporary directory, with the functions of the working tree (bundled once for all tests that run on the same
 * sources). `close` removes the directory too; pass a directory of your own to keep the state over a restart. Schedule rules fire when a test
 * says so (`fire`), or by themselves with `timer: true`.
 */
export async function startTestCloud(options: Partial<CloudOptions> = {}): Promise<TestCloud> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'failsafe-cloud-')))
  const remove = async () => {
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
  }
  try {
    const cloud = await startCloud({ timer: false, durable: false, ...options, directory })
    const close = async () => {
      await cloud.close()
      await remove()
    }
    return { ...cloud, directory, close }
  } catch (error) {
    await remove()
    throw error
  }
}
