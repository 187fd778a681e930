import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** An object of the attachment store: written once, never changed. */
export interface AttachmentObject {
  file: string
  /** Below the store, with `/`. */
  path: string
  size: number
}

/**
 * Which objects a run need not take, because one before it did: those that were last changed before `since`, and of the younger ones those whose name and size
 * are in `seen`. So it stays small, however many objects there are, and a clock that is set a little makes no difference.
 */
export interface Taken {
  /** Milliseconds of the epoch. */
  since: number
  /** First eight bytes of a hash of name and size, in hexadecimal. */
  seen: ReadonlySet<string>
}

const objectName = /\.nlo$/i
/** Clocks that differ by less are taken for one. */
const margin = 24 * 3_600_000
const mostSeen = 20_000
const idSize = 8

/** What was taken, worked out while it is taken. */
export class TakenObjects {
  #young: { changed: number; id: string }[] = []
  #since: number
  bytes = 0
  count = 0

  /** @param now when the walk began */
  constructor(now: number) {
    this.#since = now - margin
  }

  add({ path, size }: AttachmentObject, changed: number): void {
    this.bytes += size
    this.count += 1
    if (changed < this.#since) return
    this.#young.push({ changed, id: idOf(path, size) })
    if (this.#young.length >= 2 * mostSeen) this.#shorten()
  }

  /** Those that are left out of the list are older than all that stand in it. */
  #shorten(): void {
    if (this.#young.length <= mostSeen) return
    this.#young.sort((a, b) => b.changed - a.changed)
    // Objects of one and the same moment stay or go together.
    const limit = this.#young[mostSeen]!.changed
    const kept = this.#young.filter(({ changed }) => changed > limit)
    if (kept.length === 0) return
    this.#young = kept
    this.#since = limit + 1
  }

  get taken(): Taken {
    this.#shorten()
    return { since: this.#since, seen: new Set(this.#young.map(({ id }) => id)) }
  }
}

export function writeTaken({ since, seen }: Taken): { daosSince: string; daosSeen: string } {
  return {
    daosSince: new Date(since).toISOString(),
    daosSeen: Buffer.from([...seen].join(''), 'hex').toString('base64'),
  }
}

export function readTaken(info: Record<string, string> | undefined): Taken | undefined {
  if (info?.daosSince === undefined || info.daosSeen === undefined) return undefined
  const hex = Buffer.from(info.daosSeen, 'base64').toString('hex')
  const seen = new Set<string>()
  for (let at = 0; at < hex.length; at += 2 * idSize) seen.add(hex.slice(at, at + 2 * idSize))
  return { since: Date.parse(info.daosSince), seen }
}

export function isTaken({ since, seen }: Taken, { path, size }: AttachmentObject, changed: number): boolean {
  return changed < since || seen.has(idOf(path, size))
}

function idOf(path: string, size: number): string {
  return createHash('sha256')
    .update(`${path}\0${size}`)
    .digest('hex')
    .slice(0, 2 * idSize)
}

/** Every object with the moment of its last change in milliseconds, a folder at a time. Pruned ones just are not there any more. */
export async function* objectsIn(
  store: string,
  signal: AbortSignal,
): AsyncGenerator<{ object: AttachmentObject; changed: number }, void, undefined> {
  for await (const { folder, names } of foldersIn(store)) {
    signal.throwIfAborted()
    for (let at = 0; at < names.length; at += atOnce)
      for (const found of await Promise.all(names.slice(at, at + atOnce).map(name => look(store, folder, name))))
        if (found) yield found
  }
}

const atOnce = 64

async function look(store: string, folder: string, name: string) {
  const path = folder === '' ? name : `${folder}/${name}`
  const file = join(store, path)
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) return undefined
  return { object: { file, path, size: found.size }, changed: Math.max(found.ctimeMs, found.mtimeMs) }
}

async function* foldersIn(store: string): AsyncGenerator<{ folder: string; names: string[] }, void, undefined> {
  const entries = await readdir(store, { withFileTypes: true })
  const folders = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
  yield {
    folder: '',
    names: entries
      .filter(entry => !entry.isDirectory())
      .map(({ name }) => name)
      .filter(isObject),
  }
  for (const folder of folders.sort()) yield { folder, names: (await readdir(join(store, folder))).filter(isObject) }
}

const isObject = (name: string) => objectName.test(name)

const sampled = 200

/** How many objects there are, and their bytes as far as some of them tell. */
export async function estimateObjects(store: string | undefined): Promise<{ objects: number; objectBytes: number }> {
  let objects = 0
  const sizes: number[] = []
  if (store !== undefined && (await stat(store).catch(() => undefined)))
    for await (const { folder, names } of foldersIn(store)) {
      objects += names.length
      for (const name of names.slice(0, sampled - sizes.length)) {
        const found = await look(store, folder, name)
        if (found) sizes.push(found.object.size)
      }
    }
  const average = sizes.length === 0 ? 0 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  return { objects, objectBytes: Math.round(objects * average) }
}
