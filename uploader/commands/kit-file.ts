import { realpath, rm, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { Failure } from '../../shared/failure.ts'
import { formatKit, type Kit, newKit, parseKit } from '../../shared/kit.ts'
import { defaultPlaces } from '../config/places.ts'
import { writeNew } from '../files/write.ts'
import { readIdentityFile } from '../restore/identity.ts'
import type { Terminal } from './terminal.ts'

export interface KitFile {
  kit: Kit
  path: string
  /** Whether it was made now. */
  made: boolean
  /** Takes a kit that was made now away again, when it will never be sealed to. */
  discard(): Promise<void>
}

/**
 * Reads the recovery kit at `path`, or makes one there (mode 0600).
 * @throws Failure `kit-misplaced` for a new one inside the uploader's own directories, which are what an attacker of this host finds first
 */
export async function openKit(
  path: string,
  about: { receiver: string; stateDirectory: string },
  terminal: Terminal,
): Promise<KitFile> {
  const absolute = resolve(path)
  if (await isThere(absolute)) {
    const kit = await parseKit(await readIdentityFile(absolute))
    return { kit, path: absolute, made: false, discard: async () => {} }
  }
  await requireElsewhere(absolute, about.stateDirectory, terminal)
  const kit = await newKit({ receiver: about.receiver, tenant: null, now: terminal.now() })
  try {
    await writeNew(absolute, await formatKit(kit))
  } catch (cause) {
    throw new Failure('kit-unwritable', `The recovery kit ${absolute} cannot be written`, {
      why: (cause as NodeJS.ErrnoException).code,
      fix: 'Choose a place that this account can write to, best on a stick or a share',
      cause,
    })
  }
  return { kit, path: absolute, made: true, discard: () => rm(absolute, { force: true }) }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    // What else is wrong there (no right to look, a loop of links) is said by whoever opens it.
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

async function requireElsewhere(path: string, stateDirectory: string, { platform, env }: Terminal): Promise<void> {
  const real = join(await realOf(dirname(path)), 'kit')
  for (const place of [stateDirectory, dirname(defaultPlaces(platform, env).config)]) {
    const inside = relative(await realOf(resolve(place)), real)
    if (inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside))
      throw new Failure('kit-misplaced', `The recovery kit must not be kept in ${place}`, {
        why: 'whoever takes over this host would have the key to every backup',
        fix: 'Name a path on a stick or a share, or another directory, and move it off this host',
      })
  }
}

async function realOf(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}
