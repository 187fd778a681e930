import type { ArtefactRole } from '../../../../shared/manifest.ts'
import type { StagedArtefact } from '../../engine.ts'
import type { Server } from '../connection/server.ts'
import { accountsScript, grantsScript, listAccounts } from '../definitions/accounts.ts'
import { type Database, databaseScript, readDatabase } from '../definitions/database.ts'
import { eventsScript } from '../definitions/events.ts'
import { type History, leastReleaseOfHistory, readHistory } from '../definitions/history.ts'
import { inheritCollations } from '../definitions/inherited-collations.ts'
import { readLibraries } from '../definitions/libraries.ts'
import { ofServerScript } from '../definitions/of-server.ts'
import { listRelations, type Relation } from '../definitions/relations.ts'
import { routinesScript } from '../definitions/routines.ts'
import { shapeOf, showCreateTable, tableScript } from '../definitions/tables.ts'
import { listTriggers, triggersScript } from '../definitions/triggers.ts'
import { inGroups, type ViewOf } from '../definitions/view-order.ts'
import { readView, type View, viewsScript } from '../definitions/views.ts'
import type { Inventory } from '../inventory.ts'
import type { Moment } from '../moment/moment.ts'
import { unit } from '../position.ts'
import type { Selection } from '../selection/selection.ts'
import { inComment } from '../sql/quote.ts'
import { ServerError } from '../wire/server-error.ts'
import { orderOf, type Stage } from './order.ts'
import type { Outside } from './outside.ts'
import type { Paths } from './paths.ts'
import { databaseGone, tableGone } from './table-failures.ts'

/** A table whose rows are to be read. */
export interface DumpTable {
  database: string
  relation: Relation
  /** `shapeOf` its definition. */
  shape: string
  /** What tells former states of its rows, where the target can take them back. */
  history?: History | undefined
}

/** Everything but rows, one small artefact after the other; remembers the tables whose rows are to be read. */
export class Definitions {
  readonly tables: DumpTable[] = []
  readonly #server: Server
  readonly #inventory: Inventory
  readonly #databases: string[]
  readonly #names = new Map<string, Set<string>>()
  readonly #paths: Paths
  readonly #selection: Selection
  readonly #outside: Outside
  readonly #warn: (code: string, message: string) => void
  readonly #views: ViewOf[] = []
  #serial = 0

  /** @param moment what is not in it was made after it */
  constructor(
    server: Server,
    inventory: Inventory,
    moment: Pick<Moment, 'databases' | 'tables'>,
    paths: Paths,
    chosen: { selection: Selection; outside: Outside },
    warn: (code: string, message: string) => void,
  ) {
    this.#server = server
    this.#inventory = inventory
    this.#databases = moment.databases
    for (const name of moment.databases) this.#names.set(name, new Set())
    for (const { database, table } of moment.tables) this.#names.get(database)!.add(table)
    this.#paths = paths
    this.#selection = chosen.selection
    this.#outside = chosen.outside
    this.#warn = warn
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const accounts = await listAccounts(this.#server, this.#inventory.flavour)
    yield this.#artefact('accounts', 'server/accounts.sql', 'accounts', await accountsScript(this.#server, accounts))
    const ofServer = await ofServerScript(this.#server, this.#inventory)
    if (ofServer) yield this.#artefact('server', 'server/objects.sql', 'schema', ofServer)
    for (const name of this.#databases) {
      const database = await readDatabase(this.#server, name)
      if (!database) throw databaseGone(name)
      yield* this.#ofDatabase(database)
    }
    for (const group of inGroups(this.#outside.withoutUnusable(this.#views))) {
      const { database, view } = group.at(-1)!
      const path = this.#paths.ofTable(database, view.name, '-schema-view.sql')
      yield this.#artefact('views', path, 'schema', viewsScript(group), { database, table: view.name })
    }
    const grants = await grantsScript(this.#server, this.#inventory.flavour, accounts)
    yield this.#artefact('grants', 'server/grants.sql', 'accounts', grants)
  }

  async *#ofDatabase(database: Database): AsyncGenerator<StagedArtefact> {
    const { name } = database
    const server = this.#server
    const file = (stage: Stage, path: string, bytes: Buffer | undefined) =>
      bytes ? [this.#artefact(stage, path, 'schema', bytes, { database: name })] : []
    const ofDatabase = (suffix: string) => this.#paths.ofDatabase(name, suffix)

    const relations = await this.#relationsOf(name)
    const sequences = relations.filter(({ kind }) => kind === 'sequence').map(relation => relation.name)
    const whole = this.#selection.whole(name)
    const libraries = whole ? await readLibraries(server, name) : []
    const created = await databaseScript(server, database, sequences, libraries)
    yield* file('databases', ofDatabase('-schema-create.sql'), created)
    for (const relation of relations) yield* this.#ofTable(name, relation)

    for (const { kind, name: view } of relations)
      if (kind === 'view') this.#views.push({ database: name, view: await this.#view(name, view) })
    if (whole) {
      const routines = await routinesScript(server, database)
      if (routines) this.#outside.inScript(`a routine of ${inComment(name)}`, name, routines)
      yield* file('routines', ofDatabase('-schema-post.sql'), routines)
    }
    for (const [table, triggers] of await listTriggers(server, name)) {
      if (!this.#has(name, table)) continue
      const bytes = await triggersScript(server, database, table, triggers)
      this.#outside.inScript(`a trigger of ${inComment(name)}.${inComment(table)}`, name, bytes)
      const path = this.#paths.ofTable(name, table, '-schema-triggers.sql')
      yield this.#artefact('triggers', path, 'schema', bytes, { database: name, table })
    }
    if (!whole) return
    const events = await eventsScript(server, database)
    if (events) this.#outside.inScript(`an event of ${inComment(name)}`, name, events)
    yield* file('events', ofDatabase('.~events-schema-triggers.sql'), events)
  }

  async #view(database: string, name: string): Promise<View> {
    const view = await readView(this.#server, database, name)
    if (!view.usable)
      this.#warn(
        'view-invalid',
        `the view ${inComment(database)}.${inComment(name)} cannot be used because something it refers to is gone; only its text is kept`,
      )
    return view
  }

  *#artefactOfTable(database: string, table: string, createTable: string) {
    const path = this.#paths.ofTable(database, table, '-schema.sql')
    this.#outside.inTable(database, table, createTable)
    const exact = this.#inventory.flavour === 'mysql' ? inheritCollations(createTable) : createTable
    yield this.#artefact('tables', path, 'schema', tableScript(database, table, exact), { database, table })
  }

  async *#ofTable(database: string, relation: Relation): AsyncGenerator<StagedArtefact> {
    const { kind, name } = relation
    const shown = `${inComment(database)}.${inComment(name)}`
    switch (kind) {
      case 'view':
      case 'sequence':
        return
      case 'broken':
        // What the server itself cannot open has nothing to read; the administrator must know.
        this.#warn('table-broken', `the server cannot open ${shown}, so it is not in the backup: ${relation.comment}`)
        return
      case 'structure':
        this.#warn(
          'table-without-rows',
          `${shown} keeps its rows elsewhere (${relation.engine}), so only its definition is in the backup`,
        )
        yield* this.#artefactOfTable(database, name, await this.#show(database, name))
        return
      case 'table': {
        const createTable = await this.#show(database, name)
        const told = relation.versioned && this.#inventory.release >= leastReleaseOfHistory
        const history = told ? await readHistory(this.#server, database, name) : undefined
        this.tables.push({ database, relation, shape: shapeOf(createTable), history })
        yield* this.#artefactOfTable(database, name, createTable)
      }
    }
  }

  async #relationsOf(database: string): Promise<Relation[]> {
    const relations = await listRelations(this.#server, database)
    const there = new Set(relations.map(({ name }) => name))
    for (const table of this.#names.get(database)!) if (!there.has(table)) throw tableGone(database, table)
    return relations.filter(({ name }) => this.#has(database, name))
  }

  #has(database: string, table: string): boolean {
    return this.#names.get(database)!.has(table)
  }

  async #show(database: string, table: string): Promise<string> {
    try {
      return await showCreateTable(this.#server, database, table)
    } catch (error) {
      if (error instanceof ServerError && error.errno === 1146) throw tableGone(database, table, error)
      throw error
    }
  }

  #artefact(
    stage: Stage,
    name: string,
    role: ArtefactRole,
    bytes: Buffer,
    attributes?: Record<string, string>,
  ): StagedArtefact {
    return {
      name,
      role,
      unit,
      order: orderOf(stage, this.#serial++),
      attributes: { stage, ...attributes },
      async *read() {
        yield bytes
      },
    }
  }
}
