import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../shared/failure.ts'
import { makeDirectory } from '../../files/make-directory.ts'
import type { Host } from '../host.ts'
import type { Account } from './account.ts'

/**
 * Makes a directory where there is none, and gives it with all that is in it to an account. Links are not followed.
 * @throws Failure `service-directory-shared` for one that others use: what is in it may be theirs
 */
export async function giveDirectory(host: Host, path: string, account: Account): Promise<void> {
  const place = join(host.root, path)
  await makeDirectory(place, 0o700)
  const { mode } = await lstat(place)
  if ((mode & 0o077) !== 0)
    throw new Failure('service-directory-shared', `The directory ${place} can be used by other accounts`, {
      why: `its mode is ${(mode & 0o777).toString(8).padStart(4, '0')}, and the service has to own all that is in it`,
      fix: `Name a directory of its own in failsafe.yaml; if nothing else is in this one, run: chmod 0700 ${place}`,
    })
  await giveAll(host, place, account)
}

async function giveAll(host: Host, path: string, account: Account): Promise<void> {
  const stats = await lstat(path)
  if (stats.isSymbolicLink()) return
  // From the inside out: while the directory is still ours, nobody can put a link in a file's place.
  if (stats.isDirectory()) for (const name of await readdir(path)) await giveAll(host, join(path, name), account)
  if (stats.uid !== account.uid || stats.gid !== account.gid) await host.chown(path, account.uid, account.gid)
}

/** Gives a file of secrets to an account, where there is one. */
export async function giveFile(host: Host, path: string, account: Account): Promise<void> {
  const place = join(host.root, path)
  const stats = await lstat(place).catch(error => {
    if (error.code !== 'ENOENT') throw error
  })
  if (stats?.isFile()) await host.chown(place, account.uid, account.gid)
}
