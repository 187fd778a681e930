import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Plan, Session, StagedArtefact } from '../../engine.ts'
import { ItemFailed } from '../../item-failed.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { CallFailed } from '../helper/call-failed.ts'
import { explain } from '../helper/explain.ts'
import type { Helper } from '../helper/helper.ts'
import type { Extent, LogInfo, LogStyle } from '../notes/library.ts'
import { status } from '../notes/status.ts'
import { isTaken, objectsIn, readTaken, type Taken, TakenObjects } from '../place/daos.ts'
import type { Instance } from '../place/instance.ts'
import { artefactName } from '../place/names.ts'
import { type Found, walk } from '../place/walk.ts'
import { continuationOf, entryIn, firstGap, goesOnFrom } from '../plan/continuation.ts'
import { extentOf, laterPlace, placeAt, unit } from '../position.ts'
import type { Settings } from '../settings.ts'
import type { Copies } from './copies.ts'
import { type Covered, entryFor } from './entry.ts'
import { hashOf, OpenFiles } from './files.ts'
import { extentsIn, type Identities, identitiesIn, identityOf, pathKey } from './info.ts'
import { ItemBusy } from './item-busy.ts'
import { keptDatabases, resumeKeyOf } from './kept.ts'
import { type Result, resultsName } from './results.ts'
import { takeDatabase } from './taker.ts'

export interface Patience {
  /** Milliseconds between two attempts at what is busy. */
  pause: number
  attempts: number
}

interface Run {
  plan: Plan
  instance: Instance
  style: LogStyle | null
  settings: Settings
  helper: Helper
  copies: Copies
  patience: Patience
  context: BackupContext
}

/** Why a database is in a run of logs. */
type Wanted = Found & { reason?: string; attempts: number }

/**
 * In the order in which all of it fits together, whatever the server does meanwhile:
 *
 *   databases ──▶ objects they refer to ──▶ extents: what happened since ──▶ (provider has it) ──▶ Domino may use them again
 *
 * A run of logs is the same, but for the databases and objects that a run before it holds.
 */
export class DominoSession implements Session {
  readonly #run: Run
  readonly #files = new OpenFiles()
  readonly #began: Date
  readonly #results: Result[] = []
  readonly #identities: Identities = new Map()
  readonly #objects: TakenObjects
  readonly #hashes = new Map<number, string>()
  readonly #notLogged: string[] = []
  #order = 0
  #firstNeeded = Number.POSITIVE_INFINITY
  #covered: Covered | undefined
  #archiving = false
  #iniHash = ''
  #databaseBytes = 0

  constructor(run: Run) {
    this.#run = run
    this.#began = run.context.now()
    this.#objects = new TakenObjects(this.#began.getTime())
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { context, instance, plan } = this.#run
    try {
      if (plan.kind === 'log') yield* this.#logs()
      else yield* this.#full()
    } catch (error) {
      context.signal.throwIfAborted()
      throw explain(error, instance)
    } finally {
      await this.#endArchiving()
    }
  }

  async *#full(): AsyncGenerator<StagedArtefact> {
    const { context, style } = this.#run
    context.step(2)
    yield* this.#notesIni()
    const { databases, files } = await this.#look()
    yield* this.#databases(databases)
    context.step(3)
    for (const file of files) yield* this.#plain(file)
    context.step(4)
    yield* this.#store(undefined)
    if (style === 'archive') {
      context.step(5)
      const waiting = await this.#beginArchiving()
      // What came into being while the store was read: the extents may speak of it.
      yield* this.#store(this.#objects.taken, 'daos-later')
      const { extents, active } = this.#inFull(waiting)
      yield* this.#extents(extents, active)
    }
    yield this.#resultsArtefact()
  }

  async *#logs(): AsyncGenerator<StagedArtefact> {
    const { context, plan, style } = this.#run
    const heads = plan.heads!
    if (style !== 'archive')
      throw new PromotionNeeded({ code: 'NOT_ARCHIVED', reason: 'the transaction log is not archived any more' })
    // Before anything is taken: a full would make it void.
    await this.#continue(await this.#beginArchiving())
    await this.#endArchiving()
    context.step(2)
    yield* this.#notesIni(entryIn(heads.log)?.info?.ini ?? entryIn(heads.data)?.info?.ini)
    const { databases } = await this.#look()
    yield* this.#databases(await this.#unknownAmong(databases))
    const waiting = await this.#beginArchiving()
    context.step(3)
    yield* this.#store(readTaken(goesOnFrom(heads).info))
    context.step(4)
    const { fresh, active } = await this.#continue(waiting)
    yield* this.#extents(fresh, active)
    yield this.#resultsArtefact()
  }

  units(): UnitEntry[] {
    const { context, plan, style } = this.#run
    context.step(plan.steps.length)
    return [
      entryFor({
        kind: plan.kind === 'log' ? 'log' : 'full',
        heads: plan.heads!,
        style,
        began: this.#began,
        ended: context.now(),
        covered: this.#covered,
        hashes: this.#hashes,
        identities: this.#identities,
        objects: this.#objects,
        iniHash: this.#iniHash,
        databaseBytes: this.#databaseBytes,
      }),
    ]
  }

  async close(): Promise<void> {
    const { helper, copies } = this.#run
    await this.#endArchiving()
    await helper.end()
    await Promise.all([copies.removeAll(), this.#files.closeAll()])
  }

  /** @param known the hash of what a run before this one holds */
  async *#notesIni(known?: string): AsyncGenerator<StagedArtefact> {
    const { bytes, ini } = this.#run.instance
    this.#iniHash = createHash('sha256').update(bytes).digest('base64')
    if (this.#iniHash === known) return
    yield this.#artefact('notes.ini', 'config', { path: ini }, async function* () {
      yield bytes
    })
  }

  async #look(): Promise<{ databases: Wanted[]; files: Found[] }> {
    const { instance, settings, context } = this.#run
    const databases: Wanted[] = []
    const files: Found[] = []
    const own = { exclude: settings.exclude, trouble: context.warn }
    for await (const found of walk(instance, own, context.signal)) {
      if (found.kind === 'database') databases.push({ ...found, attempts: 0 })
      // It comes first, and its bytes are those that were parsed.
      else if (found.file !== instance.ini) files.push(found)
    }
    return { databases, files }
  }

  /** Databases that no run before this one holds as the log knows them now. */
  async #unknownAmong(databases: Wanted[]): Promise<Wanted[]> {
    const { context, plan } = this.#run
    const { data, log } = plan.heads!
    const known = identitiesIn(entryIn(data)?.info?.databases)
    const since = entryIn(log)?.info
    // What runs of logs took since the last full; those before it are in the full.
    if (since?.base === data!.snapshot)
      for (const [key, identity] of identitiesIn(since.databases)) {
        known.set(key, identity)
        this.#identities.set(key, identity)
      }
    const unknown: Wanted[] = []
    for (const database of databases) {
      const { path } = database
      const info = await this.#infoOf(path)
      if (!info) continue
      const before = known.get(pathKey(path))
      if (before === identityOf(info)) continue
      unknown.push({ ...database, reason: before === undefined ? 'it is new' : 'the log knows it by another identity' })
    }
    context.signal.throwIfAborted()
    return unknown
  }

  async #infoOf(path: string): Promise<LogInfo | undefined> {
    const { helper, context } = this.#run
    try {
      return await helper.ask('info', { path }, { signal: context.signal })
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error
      if (error.status !== status.noSuchFile)
        context.warn('database-unknown', `Whether the log still knows ${path} could not be seen: ${error.message}`)
      return undefined
    }
  }

  /** One after the other. What is busy is tried again behind the others, and then after a pause. */
  async *#databases(wanted: Wanted[]): AsyncGenerator<StagedArtefact> {
    const { context, patience } = this.#run
    const kept = keptDatabases(context.kept)
    let queue = wanted
    let done = 0
    for (let round = 0; queue.length > 0; round++) {
      if (round > 0) await setTimeout(patience.pause, undefined, { signal: context.signal })
      const later: Wanted[] = []
      for (const database of queue) {
        try {
          yield await this.#database(database, kept)
          done++
        } catch (error) {
          if (!(error instanceof ItemFailed)) throw error
          if (error instanceof ItemBusy && database.attempts + 1 < patience.attempts)
            later.push({ ...database, attempts: database.attempts + 1 })
          else this.#failed(database, error)
        }
      }
      queue = later
    }
    this.#warnOfNotLogged()
    if (done === 0 && wanted.length > 0) {
      const [first] = this.#results
      throw new Failure('domino-nothing-backed-up', 'Not one database could be backed up', {
        why: `${first!.path}: ${first!.reason}`,
        fix: 'Look with: failsafe doctor',
        retriable: true,
      })
    }
  }

  /** There may be many: help files, archives. The list of databases names each. */
  #warnOfNotLogged(): void {
    const [first, ...others] = this.#notLogged
    if (first === undefined) return
    const [named, more] = [[first, ...others.slice(0, 2)].join(', '), others.length - 2]
    this.#run.context.warn(
      'database-not-logged',
      `${named}${more > 0 ? ` and ${more} more are` : others.length > 0 ? ' are' : ' is'} not logged: a restore brings them back as they were backed up, and no further`,
    )
  }

  async #database(database: Wanted, kept: ReturnType<typeof keptDatabases>): Promise<StagedArtefact> {
    const { helper, copies, settings, context } = this.#run
    const { path, name, reason } = database
    const before = kept.get(path)
    if (before) {
      const info = await this.#infoOf(path)
      if (info && info.dbiid === before.info.dbiid && info.logId === before.info.logId && before.info.logged) {
        this.#backedUp(path, before.info, before.size, reason)
        return { ...this.#artefact(name, 'database', before.attributes, nothing), resumeKey: before.resumeKey }
      }
    }
    const reached = this.#databaseBytes
    const { signal } = context
    const taken = await takeDatabase(database, { helper, copies, directory: settings.directory, signal }, bytes =>
      context.written(reached + bytes),
    )
    const { copy, size } = taken
    const { replicaId, ods } = taken
    this.#backedUp(path, taken, size, reason, {
      ...(replicaId === undefined ? {} : { replicaId }),
      ...(ods === undefined ? {} : { ods }),
    })
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
      ...this.#artefact(name, 'database', attributes, () => copies.read(copy, size)),
      ...(resumeKey === undefined ? {} : { resumeKey }),
    }
  }

  #backedUp(path: string, info: LogInfo, size: number, reason: string | undefined, more: Partial<Result> = {}): void {
    const { style } = this.#run
    const { logged, dbiid, firstExtent } = info
    this.#identities.set(pathKey(path), identityOf(info))
    this.#databaseBytes += size
    if (logged) this.#firstNeeded = Math.min(this.#firstNeeded, firstExtent)
    else if (style === 'archive') this.#notLogged.push(path)
    this.#results.push({
      path,
      result: 'backed-up',
      logged,
      ...(logged && { dbiid, firstExtent }),
      size,
      ...(reason !== undefined && { reason }),
      ...more,
    })
  }

  #failed({ path }: Wanted, { code, message }: ItemFailed): void {
    this.#run.context.warn(code, `${path} was not backed up: ${message}`)
    this.#results.push({ path, result: 'failed', reason: message })
  }

  async *#plain({ file, path, name, size }: Found): AsyncGenerator<StagedArtefact> {
    let handle: Awaited<ReturnType<OpenFiles['open']>>
    try {
      handle = await this.#files.open(file)
    } catch (error) {
      this.#run.context.warn('file-unreadable', `${path} was not backed up: ${messageOf(error)}`)
      return
    }
    if (!handle) return
    const opened = handle
    yield this.#artefact(name, 'file', { path }, () => this.#files.read(opened, file, size))
  }

  /**
   * @param before objects that need not be taken
   * @param folder of the artefacts: an object that was still written in the first walk of a full comes once more in the second
   */
  async *#store(before: Taken | undefined, folder = 'daos'): AsyncGenerator<StagedArtefact> {
    const { instance, context } = this.#run
    const { daos, objectStore } = instance
    if (daos === undefined) return
    if (objectStore && before === undefined)
      context.warn('daos-object-store', 'Attachments in an object store (DAOS tier 2) are not part of the backup')
    let gone = 0
    for await (const { object, changed } of objectsIn(daos, context.signal)) {
      if (before && isTaken(before, object, changed)) {
        if (folder === 'daos') this.#objects.add(object, changed)
        continue
      }
      const handle = await this.#files.open(object.file)
      if (!handle) {
        gone++
        continue
      }
      this.#objects.add(object, changed)
      const name = `${folder}/${artefactName(object.path)}`
      yield this.#artefact(name, 'data', { path: object.path }, () =>
        this.#files.read(handle, object.file, object.size),
      )
    }
    if (gone > 0)
      context.warn(
        'object-gone',
        `${gone} objects of the attachment store were removed while it was backed up; after a restore, look for them with: tell daosmgr listnlo MISSING <database>`,
      )
  }

  async #beginArchiving(): Promise<Extent[]> {
    const { helper, context, patience } = this.#run
    const { signal } = context
    for (let attempt = 1; ; attempt++) {
      try {
        await helper.ask('begin-archiving', {}, { signal })
        this.#archiving = true
        return await helper.ask('waiting-extents', {}, { signal })
      } catch (error) {
        const taken = error instanceof CallFailed && error.status === status.archiveInProgress
        if (!taken) throw error
        if (attempt >= patience.attempts)
          throw new Failure('domino-archiver', 'Another program archives the transaction log', {
            why: error.message,
            fix: 'Only one program may: end the other one, or let it do all of it and schedule only full backups here',
            retriable: true,
            cause: error,
          })
        await setTimeout(patience.pause, undefined, { signal })
      }
    }
  }

  async #endArchiving(): Promise<void> {
    if (!this.#archiving) return
    this.#archiving = false
    // Its process holds it, and may be gone.
    await this.#run.helper.ask('end-archiving', {}).catch(() => {})
  }

  /** @throws PromotionNeeded */
  async #continue(waiting: Extent[]): Promise<{ fresh: Extent[]; active: Extent | undefined }> {
    const { data, log } = this.#run.plan.heads!
    const known = new Map([...extentsIn(entryIn(data)?.info), ...extentsIn(entryIn(log)?.info)])
    const others = new Set<number>()
    for (;;) {
      const found = continuationOf(waiting, { data, log }, others)
      if (!found.possible) throw new PromotionNeeded({ code: found.code, reason: found.reason })
      const { from, to, fresh, again, active } = found
      const changed = await firstChanged(again, known)
      if (changed !== undefined) {
        others.add(changed)
        continue
      }
      this.#covered = { logId: waiting[0]!.logId, from, to, owns: true }
      for (const { number } of again) this.#hashes.set(number, known.get(number)!)
      return { fresh, active }
    }
  }

  /** A full holds all extents that wait; whether it is also their owner, so that Domino may use them again, or the next run of logs is. */
  #inFull(waiting: Extent[]): { extents: Extent[]; active: Extent | undefined } {
    const { context, plan } = this.#run
    const { data, log } = plan.heads!
    const extents = waiting.filter(({ closed }) => closed)
    const active = waiting.find(({ closed }) => !closed)
    const [first] = waiting
    if (!first) return { extents, active }
    const gap = firstGap(extents)
    if (gap)
      context.warn(
        'extent-missing',
        `Extent ${gap.expected} of the transaction log is missing: Domino offers ${gap.found} after ${gap.expected - 1}`,
      )
    const to = active?.number ?? extents.at(-1)!.number + 1
    const needed = Math.min(this.#firstNeeded, to)
    const isWhole = needed >= first.number && !gap
    if (!isWhole && !gap)
      context.warn(
        'extent-archived',
        `A database needs the log from extent ${needed} on, and Domino offers none before ${first.number}: until the next full, it can be restored as it was backed up`,
      )
    const ofLog = (entry: UnitEntry | undefined) => (entry?.to.stream === first.logId ? entry.to.at : undefined)
    const logTo = ofLog(entryIn(log))
    const isFollowed = logTo !== undefined && (!data || Date.parse(log!.receivedAt) > Date.parse(data.receivedAt))
    const owns = isWhole && !isFollowed
    const place = laterPlace(placeAt(to), laterPlace(logTo ?? '', ofLog(entryIn(data)) ?? ''))
    // Runs of logs that ended in the same extent come before it, and are not needed.
    const from = logTo !== undefined && needed === extentOf(logTo) ? logTo : placeAt(needed)
    this.#covered = { logId: first.logId, from: owns ? place : from, to: place, owns }
    return { extents, active }
  }

  /** Returns when all of them were read: so long nobody else archives. */
  async *#extents(extents: Extent[], active: Extent | undefined): AsyncGenerator<StagedArtefact> {
    const { signal } = this.#run.context
    const reading: Promise<void>[] = []
    for (const extent of [...extents, ...(active ? [active] : [])]) {
      const { logId, number, path, closed } = extent
      const handle = await this.#files.open(path)
      if (!handle)
        throw new Failure('domino-extent', `Extent ${number} of the transaction log is not where Domino says`, {
          why: `there is no ${path}`,
          fix: 'See that this machine is the one that the server runs on',
        })
      const { promise, resolve } = Promise.withResolvers<void>()
      reading.push(promise)
      const name = `log/${logId}/${String(number).padStart(10, '0')}${closed ? '' : '.partial'}.TXN`
      const attributes = {
        logId,
        number: String(number),
        closed: String(closed),
        file: basename(path.replaceAll('\\', '/')),
      }
      const { owns } = this.#covered!
      const hashes = this.#hashes
      const plain = this.#files.read(handle, path, extentSize)
      yield this.#artefact(name, 'log', attributes, async function* () {
        const hash = createHash('sha256')
        for await (const chunk of plain) {
          hash.update(chunk)
          yield chunk
        }
        if (closed && owns) hashes.set(number, hash.digest('base64'))
        resolve()
      })
    }
    await unlessAborted(Promise.all(reading), signal)
    await this.#endArchiving()
  }

  #resultsArtefact(): StagedArtefact {
    const results = this.#results
    return this.#artefact(resultsName, 'file', {}, async function* () {
      for (const result of results) yield Buffer.from(`${JSON.stringify(result)}\n`)
    })
  }

  #artefact(
    name: string,
    role: StagedArtefact['role'],
    attributes: Record<string, string>,
    read: StagedArtefact['read'],
  ): StagedArtefact {
    return { name, role, unit, order: this.#order++, attributes, read }
  }
}

async function firstChanged(
  extents: readonly Extent[],
  known: ReadonlyMap<number, string>,
): Promise<number | undefined> {
  for (const { number, path } of extents) if ((await hashOf(path)) !== known.get(number)) return number
  return undefined
}

/** What an extent has at most. */
const extentSize = 64 * 1024 * 1024

/** For an artefact that is kept: nobody reads it. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const leave = () => reject(signal.reason)
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', leave))
}
