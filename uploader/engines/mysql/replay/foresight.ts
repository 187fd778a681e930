import { Failure } from '../../../../shared/failure.ts'
import { eventType } from '../log/event-header.ts'
import { parseQuery } from '../log/query-event.ts'
import { inComment } from '../sql/quote.ts'
import { inflated, payloadEvents } from './compressed.ts'
import type { Filter } from './filter.ts'
import type { LogEvent } from './read-events.ts'
import { changeOf, isRows, RowStatements } from './row-statements.ts'
import type { Table } from './statement.ts'
import { isOfSystem, isOfTransaction } from './statements.ts'

/** Goes through a log before anything is changed: what of it will be left out, and whether there is something that cannot be told. */
export class Foresight {
  readonly #filter: Filter
  readonly #leftOut = new Set<string>()
  /** Tables of the statement under way that are left out. */
  readonly #tables = new Map<string, Table>()
  #pending: { failure?: Failure; leftOut: Set<string> } = { leftOut: new Set() }

  constructor(filter: Filter) {
    this.#filter = filter
  }

  /** Names of databases and tables that are left out, as far as they are groups that will be replayed. */
  get leftOut(): string[] {
    return [...this.#leftOut].sort()
  }

  async see({ type, bytes, offset }: LogEvent, file: string): Promise<void> {
    const plain = inflated(type, bytes)
    if (plain.type === eventType.transactionPayload)
      for await (const inner of payloadEvents(plain.event)) this.#see(inner[4]!, inner, { file, offset })
    else this.#see(plain.type, plain.event, { file, offset })
  }

  /** The group that was seen will be replayed. @throws Failure `replay-selection` */
  accept(): void {
    if (this.#pending.failure) throw this.#pending.failure
    for (const name of this.#pending.leftOut) this.#leftOut.add(name)
    this.#pending = { leftOut: new Set() }
  }

  #see(type: number, event: Buffer, place: { file: string; offset: number }): void {
    if (type === eventType.tableMap) {
      const table = RowStatements.tableOf(event)
      if (this.#filter.has(table)) return
      this.#pending.leftOut.add(shown(table))
      this.#tables.set(RowStatements.idOf(event), table)
    } else if (type === eventType.query) this.#query(event, place)
    else if (isRows(type)) {
      const table = this.#tables.get(RowStatements.idOf(event))
      const change = changeOf(type)
      if (table && change !== 'INSERT' && this.#filter.cascades(table, change))
        this.#refuse(
          `it changes ${shown(table)}, which does not belong to what is restored; foreign keys make rows that do belong to it change too, and no log says which`,
          place,
        )
      if (RowStatements.endsStatement(event)) this.#tables.clear()
    }
  }

  #query(event: Buffer, place: { file: string; offset: number }): void {
    const query = parseQuery(event)
    const text = query.text.toString('latin1')
    const database = query.database.toString('utf8')
    if (isOfTransaction(text) || isOfSystem(database, text)) return
    const verdict = this.#filter.judge(query)
    if ('unclear' in verdict) this.#refuse(verdict.unclear, place)
    else if (!verdict.in) this.#pending.leftOut.add(verdict.what)
  }

  #refuse(why: string, { file, offset }: { file: string; offset: number }): void {
    this.#pending.failure ??= new Failure(
      'replay-selection',
      `The binary log ${file} holds a statement at offset ${offset} that cannot be replayed for a part of the databases`,
      {
        why,
        fix: `Stop before it with --before ${file}:${offset}, or include what it names and take a full backup: logs after that one can be replayed whole`,
      },
    )
  }
}

function shown({ database, name }: Table): string {
  return `${inComment(database)}.${inComment(name)}`
}
