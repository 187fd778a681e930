import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Session, StagedArtefact } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import { logPosition, numberOf, parseLogPosition, unit } from '../position.ts'
import { ServerError } from '../wire/server-error.ts'
import { capture } from './capture.ts'
import { LogDamage, type LogFacts } from './walk.ts'

/** A log file as far as it is backed up. */
export interface Span {
  name: string
  until: number
  /** Nothing is written to it any more. */
  closed: boolean
}

interface Run {
  inventory: Inventory
  base: UnitEntry
  spans: Span[]
  /** Where the logs lead to, which file of that name it is, and everything before it. */
  end: { file: string; offset: number; created: number; gtid: string; time: string }
  open(): Promise<Server>
  context: BackupContext
}

/** The binary logs since the last backup, one artefact for each file, each through a connection of its own. */
export class LogSession implements Session {
  readonly #run: Run
  readonly #closing: () => Promise<void>
  readonly #facts = new Map<string, LogFacts>()

  constructor(run: Run, closing: () => Promise<void>) {
    this.#run = run
    this.#closing = closing
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    this.#run.context.step(4)
    for (const span of this.#run.spans) yield this.#artefact(span)
  }

  units(): UnitEntry[] {
    const { base, end, context } = this.#run
    context.step(5)
    const { stream } = base.to
    // A transaction that is only begun in the log does not count yet.
    const offset = Math.min(end.offset, this.#facts.get(end.file)?.boundary ?? end.offset)
    const covered = Date.parse(end.time) > Date.parse(base.covers.to) ? end.time : base.covers.to
    return [
      {
        unit,
        kind: 'log',
        base: null,
        from: base.to,
        to: { stream, at: logPosition(end.file, offset) },
        covers: { from: base.covers.to, to: covered },
        info: {
          logFile: end.file,
          logOffset: String(offset),
          logCreated: String(end.created),
          lowerCaseTableNames: String(this.#run.inventory.lowerCaseTableNames),
          ...(end.gtid && { gtid: end.gtid }),
        },
      },
    ]
  }

  /** The server deletes its logs by its own rules. */
  close(): Promise<void> {
    return this.#closing()
  }

  #artefact(span: Span): StagedArtefact {
    const facts = () => this.#facts.get(span.name)
    return {
      name: span.name,
      role: 'log',
      unit,
      order: numberOf(span.name),
      get attributes() {
        const known = facts()
        return known && attributesOf(known)
      },
      read: () => this.#read(span),
    }
  }

  async *#read(span: Span): AsyncGenerator<Buffer> {
    const { inventory, base, open, context } = this.#run
    const first = parseLogPosition(base.to.at)
    const from = numberOf(span.name) === first.number ? first.offset : undefined
    try {
      this.#facts.set(span.name, yield* capture(open, inventory.flavour, span, from))
    } catch (error) {
      context.signal.throwIfAborted()
      if (error instanceof LogDamage) throw new PromotionNeeded(reasonOf(error), error)
      if (error instanceof ServerError && error.errno === cannotRead)
        throw new PromotionNeeded(
          {
            code: 'BINLOG_PURGED',
            reason: `the server can no longer read ${span.name} (${error.message}), so everything is backed up`,
          },
          error,
        )
      throw error
    }
  }
}

/** ER_SOURCE_FATAL_ERROR_READING_BINLOG: deleted, cut off or damaged. */
const cannotRead = 1236

/** Why a log that is not as it should be makes a full necessary. */
export function reasonOf({ code, message }: LogDamage): { code: string; reason: string } {
  const reason = `${message}, so everything is backed up`
  switch (code) {
    case 'incident':
      return { code: 'BINLOG_INCIDENT', reason }
    case 'encrypted':
      return { code: 'BINLOG_ENCRYPTED', reason }
    case 'other':
      return { code: 'BINLOG_RESET', reason }
    case 'damaged':
      return { code: 'BINLOG_DAMAGED', reason }
  }
}

/** A longer set of GTIDs is in the file only. */
const longestSet = 4096

function attributesOf(facts: LogFacts): Record<string, string> {
  const time = (seconds: number) => new Date(seconds * 1000).toISOString()
  return {
    serverVersion: facts.format.serverVersion,
    created: String(facts.format.created),
    checksum: facts.format.checksum,
    size: String(facts.size),
    groups: String(facts.groups),
    largestEvent: String(facts.largestEvent),
    ending: facts.ending,
    ...(facts.firstTime !== null && { firstEvent: time(facts.firstTime) }),
    ...(facts.lastTime !== null && { lastEvent: time(facts.lastTime) }),
    ...(facts.gtidsBefore && facts.gtidsBefore.length <= longestSet && { gtidsBefore: facts.gtidsBefore }),
  }
}
