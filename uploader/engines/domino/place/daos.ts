import { hash } from 'node:crypto'
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
  /** Of the young ones, as many as `#young` says: the moments of their last changes, and their ids. */
  readonly #changed = new Float64Array(2 * mostSeen)
  readonly #ids = Buffer.alloc(2 * mostSeen * idSize)
  #young = 0
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
    this.#changed[this.#young] = changed
    digestOf(path, size).copy(this.#ids, this.#young * idSize, 0, idSize)
    this.#young += 1
    if (this.#young === 2 * mostSeen) this.#shorten()
  }

  /** Those that are left out of the list are older than all that stand in it. Objects of one and the same moment stay or go together. */
  #shorten(): void {
    if (this.#young <= mostSeen) return
    const limit = this.#changed.slice(0, this.#young).sort()[this.#young - mostSeen - 1]!
    let kept = 0
    for (let n = 0; n < this.#young; n++) {
      if (this.#changed[n]! <= limit) continue
      this.#changed[kept] = this.#changed[n]!
      this.#ids.copy(this.#ids, kept * idSize, n * idSize, (n + 1) * idSize)
      kept += 1
    }
    this.#young = kept
    this.#since = limit + 1
  }

  /** As runs to come read it (`readTaken`). */
  get info(): { daosSince: string; daosSeen: string } {
    this.#shorten()
    return {
      daosSince: new Date(this.#since).toISOString(),
      daosSeen: this.#ids.toString('base64', 0, this.#young * idSize),
    }
  }

  get taken(): Taken {
    this.#shorten()
    const ids = Array.from({ length: this.#young }, (_, n) => idAt(this.#ids, n))
    return { since: this.#since, seen: new Set(ids) }
  }
}

export function readTaken(info: Record<string, string> | undefined): Taken | undefined {
  if (info?.daosSince === undefined || info.daosSeen === undefined) return undefined
  const ids = Buffer.from(info.daosSeen, 'base64')
  const seen = new Set(Array.from({ length: ids.length / idSize }, (_, n) => idAt(ids, n)))
  return { since: Date.parse(info.daosSince), seen }
}

export function isTaken({ since, seen }: Taken, { path, size }: AttachmentObject, changed: number): boolean {
  return changed < since || seen.has(idOf(path, size))
}

function idOf(path: string, size: number): string {
  return idAt(digestOf(path, size), 0)
}

function digestOf(path: string, size: number): Buffer {
  return hash('sha256', `${path}\0${size}`, 'buffer')
}

function idAt(ids: Buffer, n: number): string {
  return ids.toString('hex', n * idSize, (n + 1) * idSize)
}

/**
 * Every object with the moment of its last change in milliseconds, a folder at a time. Pruned ones just are not there any more.
 * @param onMissing told where there is no store
 */
export async function* objectsIn(
  store: string,
  signal: AbortSignal,
  onMissing: () => void,
): AsyncGenerator<{ object: AttachmentObject; changed: number }, void, undefined> {
  if (!(await exists(store))) return onMissing()
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

async function exists(store: string): Promise<boolean> {
  try {
    await stat(store)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
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
  if (store !== undefined && (await exists(store)))
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
