import { realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { messageOf } from '../../../../shared/failure.ts'
import { type Instance, isInside } from '../place/instance.ts'
import { linkTargets } from '../place/link-targets.ts'
import type { Database } from './contents.ts'
import { makeFolder, type Owner } from './place-files.ts'

/** A database and where it is put. */
export interface Placed extends Database {
  place: string
}

/** Whoever wrote the backup chose the paths: none of them leads out of the directory that it belongs into. */
export function isBelow(path: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(path) && !goesUp(path)
}

/**
 * Below the data directory each database has its place. Elsewhere it has one only where a link of this very server leads: what a backup says is not enough to write
 * anywhere on a machine.
 * @returns what cannot be put anywhere, with the reason in words
 */
export async function placesOf(
  databases: readonly Database[],
  instance: Pick<Instance, 'data' | 'leftOut'>,
  signal: AbortSignal,
): Promise<{ placed: Placed[]; elsewhere: { database: Database; why: string }[] }> {
  const placed: Placed[] = []
  const elsewhere: { database: Database; why: string }[] = []
  const linked = databases.filter(({ path }) => !isBelow(path))
  const targets = linked.length === 0 ? [] : await linkTargets(instance, signal)
  for (const database of databases) {
    const { path } = database
    if (isBelow(path)) placed.push({ ...database, place: join(instance.data, path) })
    else if (await isLedTo(path, targets)) placed.push({ ...database, place: path })
    else elsewhere.push({ database, why: 'no link of this server leads there' })
  }
  return { placed, elsewhere }
}

async function isLedTo(path: string, targets: readonly string[]): Promise<boolean> {
  if (!isAbsolute(path) || goesUp(path)) return false
  for (const target of targets) if (isInside(path, target) && (await staysIn(path, target))) return true
  return false
}

/** No symbolic link on the way leads out again. */
async function staysIn(path: string, target: string): Promise<boolean> {
  const root = await realpath(target).catch(() => undefined)
  // The link leads to this very database, or to a folder that is still to be made.
  if (root === undefined || !isInside(dirname(path), target)) return true
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const real = await realpath(folder).catch(() => undefined)
    if (real !== undefined) return isInside(real, root)
  }
}

function goesUp(path: string): boolean {
  return path.split(/[\\/]/).includes('..')
}

/** Makes the folders of those that lie elsewhere. @returns those whose folder cannot be made, with the reason in words */
export async function makeFolders(
  databases: readonly Placed[],
  owner: Owner | undefined,
): Promise<{ database: Placed; why: string }[]> {
  const failed: { database: Placed; why: string }[] = []
  for (const database of databases.filter(({ path }) => !isBelow(path)))
    await makeFolder(dirname(database.place), owner).catch(error =>
      failed.push({ database, why: `its folder cannot be made: ${messageOf(error)}` }),
    )
  return failed
}
