import { readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, messageOf } from '../../shared/failure.ts'
import { addSource } from '../config/add-source.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { makePrivateDirectory } from '../files/make-private-directory.ts'
import { writeDurably } from '../files/write.ts'

/** Makes the directory of the configuration. What lies in it is private; on Linux its names are not. */
export async function makeConfigDirectory(path: string, platform: NodeJS.Platform): Promise<void> {
  try {
    if (platform === 'win32') await makePrivateDirectory(dirname(path), platform)
    else await makeDirectory(dirname(path), 0o755)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/**
 * Adds a source to the configuration, or makes one with it. The file is replaced in one step: whoever reads it sees the one or the other.
 * @throws Failure `config-unwritable`, and those of `addSource`
 */
export async function writeSource(path: string, name: string, entry: Record<string, unknown>): Promise<void> {
  try {
    // A link stays one.
    const target = await realpath(path).catch(() => path)
    await writeDurably(target, addSource(await textOf(target), name, entry))
  } catch (cause) {
    throw cause instanceof Failure ? cause : unwritable(path, cause)
  }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

function unwritable(path: string, cause: unknown): Failure {
  return new Failure('config-unwritable', `The configuration ${path} cannot be written`, {
    why: messageOf(cause),
    fix: 'Run failsafe as root, or name another file with --config',
    cause,
  })
}
