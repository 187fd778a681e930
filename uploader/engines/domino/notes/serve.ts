import { copyFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import type { Answer, Request } from '../helper/protocol.ts'
import { loadKoffi } from './addon.ts'
import { copyDatabase } from './copy-database.ts'
import { LibraryError, Notes } from './library.ts'
import { NotesError } from './status.ts'

/**
 * The helper process: the only one that loads the Notes library, and on one thread. It is asked over Node's own channel, since the library may print on stdout.
 * When whoever started it is gone it releases what it holds, and ends.
 */
export async function serve(): Promise<never> {
  if (!process.send)
    throw new Failure('usage', 'This is a part of failsafe that it starts by itself', { fix: 'See: failsafe --help' })
  let notes: Notes | undefined
  let ended = false
  let archiving = false
  const cancelled = new Map<number, AbortController>()
  let work: Promise<void> = Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()

  const end = () => {
    ended = true
    for (const controller of cancelled.values()) controller.abort(new Error('the helper ends'))
    void work.finally(resolve)
  }
  process.on('disconnect', end)
  process.on('message', (request: Request) => {
    if (request.call === 'end') end()
    else if (request.call === 'cancel') cancelled.get(request.id)?.abort(new Error('the copy was cancelled'))
    else {
      const { id } = request
      const controller = new AbortController()
      cancelled.set(id, controller)
      work = work.then(async () => {
        try {
          controller.signal.throwIfAborted()
          answer({ id, result: await perform(request, controller.signal) })
        } catch (error) {
          answer({ id, failed: described(error) })
        } finally {
          cancelled.delete(id)
        }
      })
    }
  })
  await promise
  if (archiving) release(() => notes?.endArchiving())
  // The vendor's advice: nothing but the end of the process comes after this.
  notes?.term()
  process.exit(0)

  async function perform(request: Exclude<Request, { call: 'cancel' | 'end' }>, signal: AbortSignal): Promise<unknown> {
    if (request.call === 'probe') return probe(request.parameters.directory)
    if (request.call === 'init') {
      const { library, ini } = request.parameters
      const koffi = await loadKoffi().catch(error => {
        throw Object.assign(new Error(error instanceof Error ? error.message : String(error)), { code: 'addon' })
      })
      const loaded = Notes.load(koffi, library)
      loaded.init(library, ini)
      notes = loaded
      return null
    }
    if (!notes || ended) throw new Error('the Notes API is not initialised')
    switch (request.call) {
      case 'style':
        return notes.logStyle()
      case 'info':
        return infoOf(notes, request.parameters.path)
      case 'copy':
        return copyDatabase(notes, request.parameters, signal, bytes => answer({ id: request.id, bytes }))
      case 'begin-archiving':
        notes.beginArchiving()
        archiving = true
        return null
      case 'waiting-extents':
        return notes.waitingExtents()
      case 'done-archiving':
        notes.doneArchiving(request.parameters)
        return null
      case 'end-archiving':
        archiving = false
        notes.endArchiving()
        return null
      case 'take-offline':
        notes.takeOffline(request.parameters.path, request.parameters.wait)
        return null
      case 'bring-online':
        notes.bringOnline(request.parameters.path)
        return null
      case 'recover': {
        const { path, logId, extents } = request.parameters
        const fetch = (id: string, number: number, to: string) => {
          const file = id === logId ? extents[String(number)] : undefined
          return file !== undefined && isCopied(file, to)
        }
        notes.recover(path, fetch)
        return null
      }
    }
  }

  /** Whoever started it may go while this is written, before its channel is known to be closed: that is no error that may end this process. */
  function answer(message: Answer): void {
    if (process.connected) process.send!(message, error => error && end())
  }
}

/** Nobody is left who could be told of a failure, and what comes after it has to come all the same. */
function release(what: () => void): void {
  try {
    what()
  } catch {
    // The end of the process gives it back too.
  }
}

/** Domino is told of a failure by the answer: nothing may be thrown through it. */
function isCopied(from: string, to: string): boolean {
  try {
    copyFileSync(from, to)
    return true
  } catch {
    return false
  }
}

function infoOf(notes: Notes, path: string) {
  const database = notes.open(path)
  try {
    return notes.logInfo(database)
  } finally {
    notes.close(database)
  }
}

async function probe(directory: string): Promise<{ user: string }> {
  const file = join(directory, `failsafe-probe-${process.pid}`)
  await writeFile(file, '', { flag: 'wx' })
  await rm(file)
  return { user: userInfo().username }
}

function described(error: unknown): Extract<Answer, { failed: unknown }>['failed'] {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof NotesError) return { message, notes: { call: error.call, status: error.status } }
  if (error instanceof LibraryError)
    return { message, code: 'library', ...(error.missing === undefined ? {} : { missing: error.missing }) }
  const { code } = error as NodeJS.ErrnoException
  return { message, ...(code === undefined ? {} : { code }) }
}
