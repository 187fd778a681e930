import { isAbsolute } from 'node:path'
import { startOf } from './nsf-header.ts'

/** A link of Domino is a small text: one line with a path, and perhaps who may follow it. */
const linkSize = 4096
const folderLink = /\.dir$/i
/** What databases are called; a link to one is called so, too. */
export const databaseName = /\.(nsf|ntf|box|nsg)$/i

/** By its name and size. */
export function mayBeLink(path: string, size: number): boolean {
  return size <= linkSize && (folderLink.test(path) || databaseName.test(path))
}

/** By its name. */
export function mustBeLink(path: string): boolean {
  return folderLink.test(path)
}

/** The absolute path that a link leads to; undefined where the file is none. */
export async function linkTarget(file: string): Promise<string | undefined> {
  const [line = ''] = (await startOf(file, linkSize)).toString('utf8').split(/\r?\n/)
  const target = line.trim()
  return isAbsolute(target) ? target : undefined
}
