import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import { makeDirectory } from '../../../files/make-directory.ts'
import { syncNames } from '../../../files/sync-names.ts'
import { syncTree } from '../../../files/sync-tree.ts'
import type { RestoreContext, RestoreInput } from '../../engine.ts'
import { releaseOf } from '../release.ts'
import { type Ended, runToEnd } from './child.ts'
import { programs, requireProgram } from './program.ts'
import { prepareArgs, type Streams } from './streams.ts'

/** InnoDB tries again for ever. */
const cannotWrite = /IO Error: \d+ during write|No space left on device/

/**
 * Makes a data directory of laid-out streams. All of it comes into being in a folder of the target, and moves up when it is whole: until then a server
 * that is started there finds nothing. If it fails, nothing is left.
 *
 *     DIR/.failsafe-partial-x7/files       unpacked, then prepared
 *     DIR/.failsafe-partial-x7/increment   the differential, applied to it
 *     DIR/                                 afterwards
 */
export async function layOut(
  input: RestoreInput,
  streams: Streams,
  directory: string,
  { signal, progress }: Pick<RestoreContext, 'signal' | 'progress'>,
): Promise<void> {
  const { flavour, full, differential } = streams
  const { backup, unpack, server } = programs[flavour]
  const version = input.snapshots.at(-1)!.engineVersion.slice(server.length + 1)
  await requireProgram(backup, { flavour, version, release: releaseOf(version) }, signal)
  const made = await makeDirectory(directory, 0o700)
  const moved: string[] = []
  let partial: string | undefined
  try {
    await requireEmpty(directory)
    partial = await mkdtemp(join(directory, '.failsafe-partial-'))
    const [files, increment] = [join(partial, 'files'), join(partial, 'increment')]
    const sizes = new Map(input.files.map(({ name, size }) => [name, size]))
    const total = (sizes.get(full) ?? 0) + (sizes.get(differential ?? '') ?? 0)
    let done = 0
    for (const [name, into] of [
      [full, files],
      ...(differential === undefined ? [] : [[differential, increment]]),
    ] as const) {
      await mkdir(into!)
      await unpackInto(unpack, join(input.directory, ...name!.split('/')), into!, signal)
      done += sizes.get(name!) ?? 0
      progress(done, total)
    }
    for (const args of prepareArgs(streams, files, increment)) {
      const ended = await runToEnd(backup, args, signal, { hopeless: cannotWrite })
      if (ended.by !== 0 || !ended.lines.some(line => line.includes('completed OK!'))) throw notPrepared(backup, ended)
    }
    // The programs wait for the disk with some of their files only.
    await syncTree(files)
    for (const name of await readdir(files)) {
      await rename(join(files, name), join(directory, name))
      moved.push(name)
    }
    await rm(partial, { recursive: true })
    await syncNames([], directory, made)
  } catch (error) {
    for (const name of moved) await rm(join(directory, name), { recursive: true, force: true })
    if (partial) await rm(partial, { recursive: true, force: true })
    if (made !== undefined) await rm(made, { recursive: true, force: true })
    throw error
  }
}

async function requireEmpty(directory: string): Promise<void> {
  const [first] = await readdir(directory)
  if (first === undefined) return
  throw new Failure('restore-target-not-empty', `${directory} is not empty`, {
    why: `there is ${first} in it, and a restore never writes over anything`,
    fix: 'Name a directory that is empty or not there yet',
  })
}

async function unpackInto(unpack: string, stream: string, directory: string, signal: AbortSignal): Promise<void> {
  const file = await open(stream)
  try {
    const ended = await runToEnd(unpack, ['-x', '-C', directory], signal, { stdin: file.fd })
    if (ended.by !== 0) throw notUnpacked(unpack, ended)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noUnpack(unpack, error)
    throw error
  } finally {
    await file.close()
  }
}

function noUnpack(unpack: string, cause: unknown): Failure {
  return new Failure('mysql-physical-program-missing', `The program ${unpack} cannot be run on this machine`, {
    why: 'it is not there',
    fix: 'Install it (it comes with the backup program), or follow RESTORE.md on a machine that has it',
    cause,
  })
}

function notUnpacked(unpack: string, ended: Ended): Failure {
  return new Failure('restore-not-unpacked', 'The copy of the data files could not be unpacked', {
    why: whyOf(unpack, ended),
    fix: 'The target needs room for all data files; nothing was left in it',
  })
}

function notPrepared(backup: string, ended: Ended): Failure {
  return new Failure('restore-not-prepared', 'The copy of the data files could not be prepared', {
    why: whyOf(backup, ended),
    fix: `Put right what it says. The files stay where they were laid out; nothing was left in the target`,
  })
}

function whyOf(program: string, { by, lines }: Ended): string {
  return `${program} ended with ${by}${lines.length > 0 ? `, and said: ${lines.join(' | ')}` : ''}`
}
