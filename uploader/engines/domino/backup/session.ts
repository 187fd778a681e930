import { createHash } from 'node:crypto'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Session, StagedArtefact } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { explain } from '../helper/explain.ts'
import { readTaken } from '../place/daos.ts'
import { entryIn, goesOnFrom } from '../plan/continuation.ts'
import { Archiver } from './archiver.ts'
import { Attachments } from './attachments.ts'
import { type Coverage, coverFull, coverLogs } from './coverage.ts'
import { Databases, requireSome } from './databases.ts'
import { entryFor } from './entry.ts'
import { takeExtents } from './extents.ts'
import { OpenFiles } from './files.ts'
import { inOrder } from './in-order.ts'
import { knownTo, logSince, unknownAmong } from './known.ts'
import { takeFiles } from './plain.ts'
import { removedSince } from './removed.ts'
import type { Run } from './run.ts'
import { survey } from './survey.ts'

/**
 * In the order in which all of it fits together, whatever the server does meanwhile:
 *
 *   databases ──▶ objects they refer to ──▶ extents: what happened since ──▶ (provider has it) ──▶ Domino may use them again
 *
 * A run of logs is the same, but for the databases and objects that a run before it holds.
 */
export class DominoSession implements Session {
  readonly #run: Run
  readonly #began: Date
  readonly #make = inOrder()
  readonly #files = new OpenFiles()
  readonly #archiver: Archiver
  readonly #databases: Databases
  readonly #attachments: Attachments
  /** Of extents that Domino may use again once this is committed. */
  readonly #hashes = new Map<number, string>()
  #coverage: Coverage | undefined
  #removed: ReadonlySet<string> = new Set()
  #iniHash = ''

  constructor(run: Run) {
    this.#run = run
    this.#began = run.context.now()
    this.#archiver = new Archiver(run)
    this.#databases = new Databases(run, this.#make)
    this.#attachments = new Attachments(run, this.#files, this.#make, this.#began)
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
      await this.#archiver.end()
    }
  }

  async *#full(): AsyncGenerator<StagedArtefact> {
    const { context, plan, style } = this.#run
    context.step(2)
    yield* this.#notesIni()
    const { databases, files } = await survey(this.#run)
    requireSome(yield* this.#databases.take(databases))
    context.step(3)
    yield* takeFiles(files, this.#files, this.#make, context.warn)
    context.step(4)
    yield* this.#attachments.take()
    if (style === 'archive') {
      context.step(5)
      const waiting = await this.#archiver.begin()
      // What came into being while the store was read: the extents may speak of it.
      yield* this.#attachments.takeLater()
      yield* this.#extents(coverFull(waiting, plan.heads!, this.#databases.firstNeeded, context.warn))
    }
    yield this.#databases.list()
  }

  async *#logs(): AsyncGenerator<StagedArtefact> {
    const { context, plan, style } = this.#run
    const heads = plan.heads!
    if (style !== 'archive')
      throw new PromotionNeeded({ code: 'NOT_ARCHIVED', reason: 'the transaction log is not archived any more' })
    // Before anything is taken: a full would make it void.
    await coverLogs(await this.#archiver.begin(), heads)
    await this.#archiver.end()
    context.step(2)
    yield* this.#notesIni((logSince(heads) ?? entryIn(heads.data))?.info?.ini)
    const found = await survey(this.#run)
    const { since, all } = knownTo(heads)
    for (const [key, identity] of since) this.#databases.identities.set(key, identity)
    // One that cannot be backed up, today and tomorrow, does not keep the log from being so.
    yield* this.#databases.take(unknownAmong(found.databases, all, this.#run))
    this.#removed = await removedSince(found, all, this.#run)
    const waiting = await this.#archiver.begin()
    context.step(3)
    yield* this.#attachments.take(readTaken(goesOnFrom(heads).info))
    context.step(4)
    yield* this.#extents(await coverLogs(waiting, heads))
    yield this.#databases.list()
  }

  units(): UnitEntry[] {
    const { context, plan, style, settings } = this.#run
    const { identities, bytes } = this.#databases
    context.step(plan.steps.length)
    return [
      entryFor({
        kind: plan.kind === 'log' ? 'log' : 'full',
        heads: plan.heads!,
        style,
        began: this.#began,
        ended: context.now(),
        covered: this.#coverage?.covered,
        hashes: this.#hashes,
        identities,
        removed: this.#removed,
        exclude: settings.exclude,
        objects: this.#attachments.objects,
        iniHash: this.#iniHash,
        databaseBytes: bytes,
      }),
    ]
  }

  async close(): Promise<void> {
    const { helper, copies } = this.#run
    await this.#archiver.end()
    await helper.end()
    await Promise.all([copies.removeAll(), this.#files.closeAll()])
  }

  /** @param known the hash of what a run before this one holds */
  async *#notesIni(known?: string): AsyncGenerator<StagedArtefact> {
    const { bytes, ini } = this.#run.instance
    this.#iniHash = createHash('sha256').update(bytes).digest('base64')
    if (this.#iniHash === known) return
    yield this.#make('notes.ini', 'config', { path: ini }, async function* () {
      yield bytes
    })
  }

  async *#extents(coverage: Coverage): AsyncGenerator<StagedArtefact> {
    this.#coverage = coverage
    for (const [number, hash] of coverage.again) this.#hashes.set(number, hash)
    const { signal } = this.#run.context
    yield* takeExtents(coverage, { files: this.#files, make: this.#make, signal }, (number, hash) =>
      this.#hashes.set(number, hash),
    )
    await this.#archiver.end()
  }
}
