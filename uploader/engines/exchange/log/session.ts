import { open, stat } from 'node:fs/promises'
import { Failure } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Plan, Session, StagedArtefact } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { whyNotNext } from '../ese/coverage.ts'
import { type LogHeader, parseLogHeader } from '../ese/log-header.ts'
import { generationText, hex } from '../ese/log-name.ts'
import { fileChanged } from '../ese/read-pages.ts'
import { folderNames } from '../folders.ts'
import type { Database, Inventory } from '../inventory.ts'
import type { LogVerdict } from '../plan/judge.ts'
import { generationAt, positionOf } from '../position.ts'
import { readWhole } from '../read-file.ts'
import { resultsArtefact } from '../results.ts'
import { localPath } from '../windows/local-path.ts'
import { type LogFile, listClosed } from './closed.ts'
import { damageOf, lookAtLog, type SeenLog } from './look.ts'
import { isHeld, whenFree } from './when-free.ts'

interface LogRun {
  plan: Plan
  inventory: Inventory
  verdicts: readonly LogVerdict[]
  context: BackupContext
}

interface NewLog extends SeenLog {
  file: LogFile
}

/** What of a database can be taken: its new logs, up to one that cannot be had. */
interface NewLogs {
  logs: NewLog[]
  stopped: Failure | undefined
}

/**
 * The logs that Exchange has closed since the last snapshot, as they lie in its log folders. Nothing is asked of Exchange and nothing is truncated: logs go at the
 * next full.
 */
export class LogSession implements Session {
  readonly #run: LogRun
  readonly #entries = new Map<string, UnitEntry>()
  readonly #results: object[] = []
  #took = false
  #stopped: Failure | undefined

  constructor(run: LogRun) {
    this.#run = run
  }

  /** @throws PromotionNeeded where the logs of a database turn out to continue nothing; what stopped the first, where nothing of any can be taken */
  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { context, verdicts, inventory } = this.#run
    context.step(2)
    const folders = folderNames(inventory.databases.map(({ name }) => name))
    for (const [i, verdict] of verdicts.entries()) {
      const { database } = verdict
      switch (verdict.how) {
        case 'take': {
          const { logs, stopped } = await this.#newLogs(database, verdict.last)
          const reached = logs.at(-1)?.header.generation ?? generationAt(verdict.last)
          this.#took ||= logs.length > 0 || !stopped
          this.#note(database, reached, stopped)
          this.#entries.set(database.name, entryAfter(database, verdict.last, logs.at(-1)))
          this.#results.push({
            name: database.name,
            result: 'backed-up',
            after: hex(generationAt(verdict.last)),
            logs: logs.length,
            to: hex(reached),
            ...(stopped && { stopped: stopped.line }),
          })
          for (const log of logs)
            yield artefactOf(database, log, {
              folder: folders.get(database.name)!,
              order: (i + 1) * 2 ** 40,
              signal: context.signal,
            })
          break
        }
        case 'broken':
          // Between the plan and now.
          throw new PromotionNeeded({ code: verdict.code, reason: `${database.name}: ${verdict.reason}` })
        case 'leave-out':
          if (verdict.warn) context.warn('database-left-out', `${database.name}: ${verdict.reason}`)
          // Where it stands is said once more, or the next run would not know.
          if (verdict.last) this.#entries.set(database.name, entryAfter(database, verdict.last, undefined))
          this.#results.push({ name: database.name, result: 'left-out', reason: verdict.reason })
      }
    }
    if (this.#stopped && !this.#took) throw this.#stopped
    yield resultsArtefact('exchange.json', {
      engine: 'exchange',
      version: inventory.version,
      server: inventory.server,
      databases: this.#results,
    })
  }

  units(): UnitEntry[] {
    const { context, plan, inventory } = this.#run
    context.step(plan.steps.length)
    return inventory.databases.flatMap(({ name }) => this.#entries.get(name) ?? [])
  }

  /** Nothing was taken on the server. */
  async close(): Promise<void> {}

  /** What stops one database is no matter of the others. */
  #note({ name, closed }: Database, reached: number, stopped: Failure | undefined): void {
    const { warn } = this.#run.context
    if (stopped) {
      this.#stopped ??= stopped
      warn(stopped.code, `${name} is backed up to log ${hex(reached)} only: ${stopped.line}`)
    } else if (closed?.damaged) warn(closed.damaged.code, `${name}: ${closed.damaged.line}`)
  }

  /** @throws PromotionNeeded */
  async #newLogs(database: Database, last: UnitEntry): Promise<NewLogs> {
    const { logFolder, base, name } = database
    const reached = generationAt(last)
    const files = await listClosed(logFolder, base)
    const known = files.find(({ generation }) => generation === reached)
    if (known && last.info?.created !== undefined) await this.#requireSame(database, known, last.info.created)
    const logs: NewLog[] = []
    for (const file of files.filter(({ generation }) => generation > reached)) {
      const expected = (logs.at(-1)?.header.generation ?? reached) + 1
      if (file.generation !== expected)
        throw new PromotionNeeded({
          code: 'GAP',
          reason: `${name}: the log ${hex(expected)} is missing, and ${hex(file.generation)} is there`,
        })
      const log = await this.#look(database, file)
      if (log instanceof Failure) {
        if (database.closed?.damaged || isHeld(log)) return { logs, stopped: log }
        // No recovery reads it any more: a full needs it no more than Exchange does.
        throw new PromotionNeeded({ code: 'DAMAGED', reason: `${name}: ${log.message}` })
      }
      const broken = whyBroken(database, last, logs.at(-1), log.header)
      if (broken !== undefined) throw new PromotionNeeded({ code: 'OTHER_STREAM', reason: `${name}: ${broken}` })
      logs.push(log)
    }
    return { logs, stopped: undefined }
  }

  /** The same number in another stream: what was backed up last is not the log that is there now. */
  async #requireSame(database: Database, file: LogFile, created: string): Promise<void> {
    const log = await this.#look(database, file)
    // It was backed up while it was whole; and the one after it says when it was made.
    if (log instanceof Failure || log.header.created === created) return
    throw new PromotionNeeded({
      code: 'OTHER_STREAM',
      reason: `${database.name}: the log ${hex(file.generation)} is another one than was backed up under this number`,
    })
  }

  /** @returns why it cannot be had, where that concerns its database alone */
  async #look({ logFolder }: Database, file: LogFile): Promise<NewLog | Failure> {
    const path = `${logFolder}\\${file.name}`
    try {
      const seen = await whenFree(() => lookAtLog(logFolder, file), path, this.#run.context.signal)
      return { ...seen, file }
    } catch (error) {
      return damageOf(error, path)
    }
  }
}

function whyBroken(
  database: Database,
  last: UnitEntry,
  before: NewLog | undefined,
  header: LogHeader,
): string | undefined {
  if (header.circular) return `circular logging was on when the log ${hex(header.generation)} was made`
  if (positionOf(database, header.signLog, 0).stream !== last.to.stream)
    return `the log ${hex(header.generation)} is of another stream: the database was repaired, defragmented or restored`
  if (before) return whyNotNext(before.header, header)
  const created = last.info?.created
  if (created !== undefined && header.previousCreated !== created)
    return `the log ${hex(header.generation)} does not follow the one that was backed up last`
  return undefined
}

function artefactOf(
  database: Database,
  log: NewLog,
  { folder, order, signal }: { folder: string; order: number; signal: AbortSignal },
): StagedArtefact {
  const { path, size, modified, header, file } = log
  return {
    name: `${folder}/logs/${file.name}`,
    role: 'log',
    unit: database.name,
    order: order + header.generation,
    attributes: { generation: hex(header.generation), base: database.base },
    async *read() {
      let first = true
      for await (const chunk of readWhole({ path, size }, () => whenFree(() => open(localPath(path)), path, signal))) {
        if (first && parseLogHeader(chunk, path).created !== header.created) throw fileChanged(path, size, size)
        first = false
        yield chunk
      }
      const now = await stat(localPath(path))
      if (now.size !== size || now.mtimeMs !== modified) throw fileChanged(path, size, now.size)
    },
  }
}

/** @param log the last one that is new; without one it is said where the database stands */
function entryAfter(database: Database, last: UnitEntry, log: NewLog | undefined): UnitEntry {
  const { to } = last.covers
  const common = { unit: database.name, kind: 'log' as const, base: null, from: last.to }
  if (!log) return { ...common, to: last.to, covers: { from: to, to }, info: { ...last.info } }
  const closed = new Date(log.modified).toISOString()
  return {
    ...common,
    to: { stream: last.to.stream, at: generationText(log.header.generation) },
    // A log that is closed holds all that was committed until it was last written to.
    covers: { from: to, to: Date.parse(closed) > Date.parse(to) ? closed : to },
    info: { guid: database.guid, base: database.base, created: log.header.created },
  }
}
