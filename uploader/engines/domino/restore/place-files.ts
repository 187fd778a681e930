import { constants } from 'node:fs'
import { copyFile, lchown, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFile } from '../../../files/sync-file.ts'
import { syncNames } from '../../../files/sync-names.ts'

/** Who owns the data of the server, where we are root and would own what we make. */
export interface Owner {
  uid: number
  gid: number
}

export async function ownerOf(data: string): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const { uid, gid } = await stat(data)
  return { uid, gid }
}

/** A copy that is there whole or not at all, also after a power cut. A link that somebody has put in its way is removed and not followed: we may be root, and the folder is theirs. */
export async function placeFile(from: string, to: string, owner: Owner | undefined): Promise<void> {
  await makeFolder(dirname(to), owner)
  const next = `${to}.failsafe-restore`
  await rm(next, { force: true })
  await copyFile(from, next, constants.COPYFILE_EXCL)
  await syncFile(next)
  if (owner) await lchown(next, owner.uid, owner.gid)
  await rename(next, to)
  await syncNames([], dirname(to), undefined)
}

/** A folder that is there is left as it is; one that is made belongs to the server, and is on disk. */
export async function makeFolder(path: string, owner: Owner | undefined): Promise<void> {
  const made = await mkdir(path, { recursive: true })
  if (made === undefined) return
  await syncNames([], path, made)
  if (!owner) return
  for (let folder = path; ; folder = dirname(folder)) {
    await lchown(folder, owner.uid, owner.gid)
    if (folder === made) return
  }
}

export async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}
