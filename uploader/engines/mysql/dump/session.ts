import type { SnapshotId } from '../../../../shared/ids.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Session, StagedArtefact } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Moment } from '../moment/moment.ts'
import { unitEntry } from '../position.ts'
import { Readers } from '../rows/readers.ts'
import { inComment } from '../sql/quote.ts'
import { Definitions, type DumpTable } from './definitions.ts'
import { warnOfLeftOut } from './left-out.ts'
import { Paths } from './paths.ts'
import { Rows } from './rows.ts'

/** A full backup under way: definitions first, through the control connection; then rows, through the readers. */
export class FullSession implements Session {
  readonly #inventory: Inventory
  readonly #moment: Moment
  readonly #control: Server
  readonly #context: BackupContext
  readonly #closing: () => Promise<void>
  readonly #rangeBytes: number | undefined
  #checked = false

  constructor(
    inventory: Inventory,
    moment: Moment,
    control: Server,
    context: BackupContext,
    closing: () => Promise<void>,
    rangeBytes: number | undefined,
  ) {
    this.#inventory = inventory
    this.#moment = moment
    this.#control = control
    this.#context = context
    this.#closing = closing
    this.#rangeBytes = rangeBytes
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { step, warn, signal } = this.#context
    const { databases, tables, readers } = this.#moment
    const paths = new Paths(databases, tables)
    try {
      step(3)
      const definitions = new Definitions(this.#control, this.#inventory, this.#moment, paths, warn)
      yield* definitions.artefacts()
      warnOfOtherEngines(definitions.tables, warn)
      warnOfHistory(definitions.tables, warn)
      await warnOfLeftOut(this.#control, this.#inventory, warn)
      step(4)
      yield* new Rows(new Readers(readers), this.#control, paths, signal, this.#rangeBytes).artefacts(
        definitions.tables,
      )
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  }

  units(): UnitEntry[] {
    if (!this.#checked) this.#context.step(5)
    this.#checked = true
    return [unitEntry(this.#inventory, this.#moment, { moment: this.#moment.mode })]
  }

  /** MySQL forgets nothing because it was backed up. */
  committed(_snapshot: SnapshotId): Promise<{ notes: string[] }> {
    return Promise.resolve({ notes: [] })
  }

  close(): Promise<void> {
    return this.#closing()
  }
}

function warnOfOtherEngines(tables: DumpTable[], warn: BackupContext['warn']): void {
  const others = tables.filter(({ relation }) => !relation.transactional)
  if (others.length === 0) return
  warn(
    'tables-not-transactional',
    `${namesOf(others, ({ relation }) => ` (${relation.engine})`)}: their engine knows no moments, so each is backed up as it was when it was read (InnoDB tables are not affected)`,
  )
}

function warnOfHistory(tables: DumpTable[], warn: BackupContext['warn']): void {
  const versioned = tables.filter(({ relation, history }) => relation.versioned && !history)
  if (versioned.length === 0) return
  warn(
    'history-not-backed-up',
    `${namesOf(versioned)}: only their current rows are in the backup, not the former ones that system versioning keeps, because no server could take these back`,
  )
}

function namesOf(tables: DumpTable[], remark: (table: DumpTable) => string = () => ''): string {
  const named = tables
    .slice(0, 10)
    .map(table => `${inComment(table.database)}.${inComment(table.relation.name)}${remark(table)}`)
  const more = tables.length > named.length ? ` and ${tables.length - named.length} more` : ''
  return `${named.join(', ')}${more}`
}
