import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, posix } from 'node:path'
import { messageOf } from '../../../../shared/failure.ts'
import type { Instance } from './instance.ts'
import { isFileLeftOut, isFolderLeftOut } from './left-out.ts'
import { databaseName, linkTarget, mayBeLink, mustBeLink } from './link.ts'
import { artefactName, isText } from './names.ts'
import { looksLikeDatabase, startOf } from './nsf-header.ts'

/** A file of a partition. */
export interface Found {
  kind: 'database' | 'file'
  /** Below the data directory with `/`, or absolute where a link leads out of it. */
  path: string
  /** Where it is. */
  file: string
  /** As an artefact is called. */
  name: string
  size: number
}

/** What is there and cannot be backed up as it is, in words. */
export type Trouble = (code: string, message: string) => void

interface Folder {
  directory: string
  /** Of what lies in it, as `Found.path`; empty for the data directory. */
  path: string
}

/**
 * Every file below the data directory, and behind its links, each once. A database is known by how it begins, whatever it is called; a file that is called like one
 * and is text is a link to one.
 * @param quick names alone decide, and nothing is opened: for an estimate
 */
export async function* walk(
  { data, leftOut }: Pick<Instance, 'data' | 'leftOut'>,
  { exclude, quick = false, trouble }: { exclude: readonly string[]; quick?: boolean; trouble: Trouble },
  signal: AbortSignal,
): AsyncGenerator<Found, void, undefined> {
  const folders: Folder[] = [{ directory: data, path: '' }]
  const entered = new Set<string>()
  const links = new Map<string, string>()
  // Whatever they are called in notes.ini, and whatever leads there.
  const skipped = new Set(await Promise.all(leftOut.map(path => realpath(path).then(folded, () => folded(path)))))

  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    signal.throwIfAborted()
    const real = await realpath(folder.directory).catch(() => folder!.directory)
    if (skipped.has(folded(real))) continue
    if (entered.has(real)) {
      trouble('link-loop', `${folder.directory} leads to ${real}, which was entered already`)
      continue
    }
    entered.add(real)
    let entries: Dirent[]
    try {
      entries = await readdir(folder.directory, { withFileTypes: true })
    } catch (error) {
      trouble('folder-unreadable', `${folder.directory} cannot be read: ${messageOf(error)}`)
      continue
    }
    for (const entry of entries) yield* look(folder, entry)
  }
  // Last, when it is known which lie in folders that were entered.
  for (const [real, target] of links) yield* takeLinked(real, target)

  async function* look({ directory, path }: Folder, entry: Dirent): AsyncGenerator<Found, void, undefined> {
    const file = join(directory, entry.name)
    const own = path === '' ? entry.name : `${path}/${entry.name}`
    if (!isText(entry.name)) {
      trouble('file-name', `${JSON.stringify(own)} was not backed up: its name is no valid text`)
      return
    }
    if (exclude.some(pattern => posix.matchesGlob(own, pattern))) return
    if (entry.isDirectory() || entry.isFile()) yield* take(file, own, entry.isDirectory())
    else if (entry.isSymbolicLink()) {
      const target = await stat(file).catch(() => undefined)
      if (!target) trouble('link-dead', `${own} is a link that leads nowhere`)
      else yield* take(file, own, target.isDirectory())
    }
  }

  async function* take(file: string, path: string, isDirectory: boolean): AsyncGenerator<Found, void, undefined> {
    if (isDirectory) {
      if (!isFolderLeftOut(path)) folders.push({ directory: file, path })
      return
    }
    if (isFileLeftOut(path.slice(path.lastIndexOf('/') + 1))) return
    const found = await stat(file).catch(() => undefined)
    // Gone since: Domino makes and removes files all the time.
    if (!found?.isFile()) return
    const { size } = found
    if (quick) {
      yield { kind: databaseName.test(path) ? 'database' : 'file', path, file, name: nameOf(path), size }
      return
    }
    const start = await startOf(file, 6).catch(error => {
      trouble('file-unreadable', `${path} cannot be read: ${messageOf(error)}`)
      return undefined
    })
    if (!start) return
    const isDatabase = looksLikeDatabase(start)
    yield { kind: isDatabase ? 'database' : 'file', path, file, name: nameOf(path), size }
    if (!isDatabase && mayBeLink(path, size)) await follow(file, path)
  }

  /** Domino follows a link once: what it leads to is no link itself. */
  async function follow(file: string, path: string): Promise<void> {
    const target = await linkTarget(file)
    if (target === undefined) {
      if (mustBeLink(path)) trouble('link-dead', `${path} is no link: it names no absolute path`)
      return
    }
    const found = await stat(target).catch(() => undefined)
    if (!found) trouble('link-dead', `${path} leads to ${target}, which is not there`)
    else if (found.isDirectory()) folders.push({ directory: target, path: target.replaceAll('\\', '/') })
    else if (await isDatabase(target)) links.set(await realpath(target), target)
    else trouble('link-dead', `${path} leads to ${target}, which is no database`)
  }

  async function* takeLinked(real: string, target: string): AsyncGenerator<Found, void, undefined> {
    if (entered.has(dirname(real))) return
    const found = await stat(target).catch(() => undefined)
    if (!found) return
    const path = target.replaceAll('\\', '/')
    yield { kind: 'database', path, file: target, name: nameOf(target), size: found.size }
  }
}

async function isDatabase(file: string): Promise<boolean> {
  const start = await startOf(file, 6).catch(() => undefined)
  return start !== undefined && looksLikeDatabase(start)
}

/** Windows knows a folder in any case. */
const folded = (path: string) => (process.platform === 'win32' ? path.toLowerCase() : path)

/** `data/mail/a.nsf`; `linked/srv/archive/b.nsf` for what lies elsewhere. */
function nameOf(path: string): string {
  const parts = path.replaceAll('\\', '/')
  return isAbsolute(path)
    ? `linked/${artefactName(parts.replace(/^([A-Za-z]):/, '$1').replace(/^\/+/, ''))}`
    : `data/${artefactName(parts)}`
}
