import { eventType, headerLength } from './event-header.ts'
import { parseQuery } from './query-event.ts'

/**
 * Where one group of events ends and the next begins. A group is a transaction, or a statement that is one by itself; a restore stops
 * between two and never inside one.
 *
 *     MySQL     GTID   BEGIN … XID | COMMIT | ROLLBACK | XA_PREPARE
 *               GTID   a statement such as CREATE TABLE
 *               GTID   TRANSACTION_PAYLOAD (BEGIN … XID, compressed)
 *     MariaDB   GTID   … XID | COMMIT | ROLLBACK | XA_PREPARE
 *               GTID (stands alone)   a statement
 */
export class Groups {
  #state: 'between' | 'begun' | 'in-transaction' = 'between'

  /** Whether no group is open. */
  get between(): boolean {
    return this.#state === 'between'
  }

  /**
   * What an event is to its group; the first and last event of a group of one is `last`.
   * @param event from the header on, as far as it is needed: a statement up to its text
   */
  add(type: number, event: Buffer): 'outside' | 'first' | 'inside' | 'last' {
    switch (type) {
      case eventType.gtid:
      case eventType.anonymousGtid:
      case eventType.taggedGtid:
        this.#state = 'begun'
        return 'first'
      case eventType.mariadbGtid:
        this.#state = (event[headerLength + 12]! & standsAlone) !== 0 ? 'begun' : 'in-transaction'
        return 'first'
      case eventType.xid:
      case eventType.xaPrepare:
      case eventType.transactionPayload:
        return this.#end()
      case eventType.query:
      case eventType.mariadbQueryCompressed:
        return this.#query(type, event)
      case eventType.incident:
        return this.between ? 'outside' : this.#end()
      default:
        return this.between ? 'outside' : 'inside'
    }
  }

  #query(type: number, event: Buffer): 'first' | 'inside' | 'last' {
    // What is compressed is too long to be one of those that are looked for.
    const text = type === eventType.query ? parseQuery(event).text.toString('latin1', 0, 20).toUpperCase() : ''
    if (this.#state === 'in-transaction')
      return /^(COMMIT|ROLLBACK|XA COMMIT|XA ROLLBACK)\b(?! TO)/.test(text) ? this.#end() : 'inside'
    if (/^(BEGIN$|START TRANSACTION|XA START)/.test(text)) {
      const first = this.#state === 'between'
      this.#state = 'in-transaction'
      return first ? 'first' : 'inside'
    }
    return this.#end()
  }

  #end(): 'last' {
    this.#state = 'between'
    return 'last'
  }
}

const standsAlone = 0x01
