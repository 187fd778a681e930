import { ahead } from '../../../../shared/ahead.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Session, StagedArtefact } from '../../engine.ts'
import { ConnectionLost } from '../connection/lost.ts'
import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { Moment } from '../moment/moment.ts'
import { unitEntry } from '../position.ts'
import { lostReader, Readers } from '../rows/readers.ts'
import { isEverything, recordOf } from '../selection/record.ts'
import type { Selection } from '../selection/selection.ts'
import { inComment } from '../sql/quote.ts'
import { Definitions, type DumpTable } from './definitions.ts'
import { warnOfLeftOut } from './left-out.ts'
import { metadata } from './metadata.ts'
import { Outside } from './outside.ts'
import { Paths } from './paths.ts'
import { Rows } from './rows.ts'

/** A full backup under way: definitions first, through the control connection; then rows, through the readers. */
export class FullSession implements Session {
  readonly #inventory: Inventory
  readonly #selection: Selection
  readonly #moment: Moment
  readonly #control: Server
  readonly #context: BackupContext
  readonly #closing: () => Promise<void>
  readonly #rangeBytes: number | undefined
  #checked = false

  constructor(
    inventory: Inventory,
    selection: Selection,
    moment: Moment,
    control: Server,
    context: BackupContext,
    closing: () => Promise<void>,
    rangeBytes: number | undefined,
  ) {
    this.#inventory = inventory
    this.#selection = selection
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
      warnOfUnmatched(this.#selection, this.#moment, warn)
      const outside = await Outside.of(this.#moment, this.#selection, this.#control)
      const chosen = { selection: this.#selection, outside }
      const definitions = new Definitions(this.#control, this.#inventory, this.#moment, paths, chosen, warn)
      yield* ahead(definitions.artefacts())
      warnOfOutside(outside, warn)
      warnOfOtherEngines(definitions.tables, warn)
      warnOfHistory(definitions.tables, warn)
      await warnOfLeftOut(this.#control, this.#inventory, warn)
      step(4)
      const rows = new Rows(new Readers(readers), this.#control, paths, signal, this.#rangeBytes)
      yield* ahead(rows.artefacts(definitions.tables))
      yield metadata(this.#moment, this.#context.now)
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof ConnectionLost ? lostReader(error) : error
    }
  }

  units(): UnitEntry[] {
    if (!this.#checked) this.#context.step(5)
    this.#checked = true
    const selection = recordOf(this.#selection.choice)
    const info = { moment: this.#moment.mode, ...(selection !== undefined && { selection }) }
    return [unitEntry(this.#inventory, this.#moment, info)]
  }

  /** MySQL forgets nothing because it was backed up. */
  close(): Promise<void> {
    return this.#closing()
  }
}

function warnOfUnmatched(selection: Selection, moment: Moment, warn: BackupContext['warn']): void {
  if (isEverything(selection.choice)) return
  const { databases, tables, others } = moment
  const unmatched = selection.unmatched([...databases, ...others.databases], [...tables, ...others.tables])
  for (const { text } of unmatched)
    warn(
      'selection-matches-nothing',
      `the pattern ${JSON.stringify(text)} matches nothing on this server (its own databases, such as mysql, are never chosen)`,
    )
}

function warnOfOutside({ found }: Outside, warn: BackupContext['warn']): void {
  if (found.length === 0) return
  const more = found.length > 10 ? ` and ${found.length - 10} more` : ''
  warn(
    'selection-reaches-outside',
    `${found.slice(0, 10).join(', ')}${more}: what stands in brackets is not in the backup, so these will not work where it is restored to alone (of views only the text is kept)`,
  )
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
