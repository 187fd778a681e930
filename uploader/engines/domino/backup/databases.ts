import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import type { StagedArtefact } from '../../engine.ts'
import { ItemFailed } from '../../item-failed.ts'
import type { LogInfo } from '../notes/library.ts'
import type { Make } from './in-order.ts'
import { type Identities, identityOf, pathKey } from './info.ts'
import { ItemBusy } from './item-busy.ts'
import { type KeptDatabase, keptDatabases, resumeKeyOf } from './kept.ts'
import type { Wanted } from './known.ts'
import { logInfoOf } from './log-info.ts'
import { PackedList } from './packed-list.ts'
import { type Result, resultsName } from './results.ts'
import type { Run } from './run.ts'
import { takeDatabase } from './taker.ts'

/** Takes databases one after the other, and notes what became of each. */
export class Databases {
  readonly #run: Run
  readonly #make: Make
  readonly #results = new PackedList<Result>()
  readonly #notLogged: string[] = []
  readonly #kept: Map<string, KeptDatabase>
  #notLoggedCount = 0
  /** As the log knows those that were taken. */
  readonly identities: Identities = new Map()
  /** The first extent that any of them needs to be rolled forward. */
  firstNeeded = Number.POSITIVE_INFINITY
  bytes = 0

  constructor(run: Run, make: Make) {
    this.#run = run
    this.#make = make
    this.#kept = keptDatabases(run.context.kept)
  }

  /** What is busy is tried again behind the others, and then after a pause. @returns how many were taken, and the first that was not */
  async *take(
    wanted: Iterable<Wanted> | AsyncIterable<Wanted>,
  ): AsyncGenerator<StagedArtefact, { taken: number; failed: Result | undefined }, undefined> {
    const { context, patience } = this.#run
    let taken = 0
    let failed: Result | undefined
    let queue = wanted
    for (let round = 1; ; round++) {
      const later: Wanted[] = []
      for await (const database of queue) {
        try {
          yield await this.#take(database)
          taken++
        } catch (error) {
          if (!(error instanceof ItemFailed)) throw error
          if (error instanceof ItemBusy && round < patience.attempts) later.push(database)
          else {
            const result = this.#failed(database, error)
            failed ??= result
          }
        }
      }
      if (later.length === 0) break
      await setTimeout(patience.pause, undefined, { signal: context.signal })
      queue = later
    }
    this.#warnOfNotLogged()
    return { taken, failed }
  }

  /** The list of them, once they were taken. */
  list(): StagedArtefact {
    const results = this.#results
    return this.#make(resultsName, 'file', {}, async function* () {
      for (const result of results) yield Buffer.from(`${JSON.stringify(result)}\n`)
    })
  }

  async #take(database: Wanted): Promise<StagedArtefact> {
    const { helper, copies, settings, context } = this.#run
    const { path, name, reason } = database
    const before = this.#kept.get(path)
    if (before) {
      const info = await logInfoOf(this.#run, path)
      if (info && info.dbiid === before.info.dbiid && info.logId === before.info.logId && before.info.logged) {
        this.#took(path, before.info, before.size, { reason, ...before.header })
        return { ...this.#make(name, 'database', before.attributes, nothing), resumeKey: before.resumeKey }
      }
    }
    const reached = this.bytes
    const { signal } = context
    const taken = await takeDatabase(database, { helper, copies, directory: settings.directory, signal }, bytes =>
      context.written(reached + bytes),
    )
    const { copy, size, replicaId, ods } = taken
    this.#took(path, taken, size, { reason, replicaId, ods })
    const attributes = {
      path,
      size: String(size),
      logged: String(taken.logged),
      logId: taken.logId,
      dbiid: taken.dbiid,
      firstExtent: String(taken.firstExtent),
      ...(replicaId === undefined ? {} : { replicaId }),
      ...(ods === undefined ? {} : { ods: String(ods) }),
    }
    const resumeKey = resumeKeyOf(path, taken)
    return {
      ...this.#make(name, 'database', attributes, () => copies.read(copy, size)),
      ...(resumeKey === undefined ? {} : { resumeKey }),
    }
  }

  #took(
    path: string,
    info: LogInfo,
    size: number,
    more: { reason: string | undefined; replicaId: string | undefined; ods: number | undefined },
  ): void {
    const { logged, dbiid, firstExtent } = info
    this.identities.set(pathKey(path), identityOf(info))
    this.bytes += size
    if (logged) this.firstNeeded = Math.min(this.firstNeeded, firstExtent)
    else if (this.#run.style === 'archive' && this.#notLoggedCount++ < named) this.#notLogged.push(path)
    // What is undefined does not stand in the list.
    this.#results.add({ path, result: 'backed-up', logged, ...(logged && { dbiid, firstExtent }), size, ...more })
  }

  #failed({ path }: Wanted, { code, message }: ItemFailed): Result {
    this.#run.context.warn(code, `${path} was not backed up: ${message}`)
    const result: Result = { path, result: 'failed', reason: message }
    this.#results.add(result)
    return result
  }

  /** There may be many: help files, archives. The list names each. */
  #warnOfNotLogged(): void {
    if (this.#notLoggedCount === 0) return
    const more = this.#notLoggedCount - this.#notLogged.length
    const are = this.#notLoggedCount === 1 ? ' is' : ' are'
    this.#run.context.warn(
      'database-not-logged',
      `${this.#notLogged.join(', ')}${more > 0 ? ` and ${more} more` : ''}${are} not logged: a restore brings them back as they were backed up, and no further`,
    )
  }
}

/** In one warning. */
const named = 3

/** @throws Failure where there were databases, and not one was taken */
export function requireSome({ taken, failed }: { taken: number; failed: Result | undefined }): void {
  if (taken > 0 || !failed) return
  throw new Failure('domino-nothing-backed-up', 'Not one database could be backed up', {
    why: `${failed.path}: ${failed.reason}`,
    fix: 'Look with: failsafe doctor',
    retriable: true,
  })
}

/** For an artefact that is kept: nobody reads it. */
async function* nothing(): AsyncGenerator<Uint8Array> {}
