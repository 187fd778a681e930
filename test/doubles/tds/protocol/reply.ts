import type { Duplex } from 'node:stream'
import { type Message, message } from '../model/messages.ts'
import type { Result } from '../query/table.ts'
import type { Output } from '../statements/execution.ts'
import { packetType, toPackets } from './packet.ts'
import {
  columnsToken,
  type DoneKind,
  databaseChange,
  doneStatus,
  doneToken,
  isError,
  messageToken,
  returnStatus,
  rowToken,
} from './tokens.ts'

/** Bytes that are collected before they go out. */
const enough = 1 << 16

/** The reply to one request. It goes out in pieces; only its end ends the message. */
export class Reply implements Output {
  readonly #stream: Duplex
  readonly #packetSize: number
  readonly #serverName: string
  readonly #kind: DoneKind
  #pending: Buffer[] = []
  #length = 0
  #failed = false
  #lastError = 0
  /** A statement's end waits for the next one: only then is it known whether more follows. */
  #done: { status: number; rows: number } | null = null
  closed = false

  /** @param procedure the request was a procedure call, which has ends of its own */
  constructor(stream: Duplex, packetSize: number, serverName: string, procedure: boolean) {
    this.#stream = stream
    this.#packetSize = packetSize
    this.#serverName = serverName
    this.#kind = procedure ? 'doneInProcedure' : 'done'
  }

  token(data: Buffer): void {
    this.#settle(true)
    this.#add(data)
  }

  message(each: Message): void {
    this.#settle(true)
    if (isError(each)) {
      this.#failed = true
      this.#lastError = each.number
    }
    this.#add(messageToken(each, this.#serverName))
    this.flush()
  }

  result({ columns, rows }: Result): void {
    this.#settle(true)
    this.#add(columnsToken(columns))
    for (const row of rows) this.#add(rowToken(row, columns))
  }

  done(rows: number | null): void {
    this.#settle(true)
    const status = (rows === null ? 0 : doneStatus.count) | (this.#failed ? doneStatus.error : 0)
    this.#failed = false
    this.#done = { status, rows: rows ?? 0 }
  }

  databaseChanged(name: string, before: string): void {
    this.token(databaseChange(name, before))
    this.message(message(5701, name))
  }

  /** Ends a batch. */
  end(): void {
    if (!this.#done || this.#failed) this.done(null)
    this.#settle(false)
    this.#close()
  }

  /** Ends a procedure call. @param values tokens of what it returns */
  endProcedure(values: Buffer[] = []): void {
    this.#settle(true)
    const failed = this.#lastError !== 0
    for (const value of values) this.#add(value)
    this.#add(returnStatus(failed ? this.#lastError : 0))
    this.#add(doneToken('doneProcedure', failed ? doneStatus.error : 0))
    this.#close()
  }

  /** Ends a reply that was cancelled; what acknowledges the cancel is a message of its own. Source: reference 4.1, ATTENTION. */
  abandon(): void {
    this.#settle(true)
    this.#add(doneToken('done', doneStatus.error))
    this.#close()
  }

  /** A message that is a token and nothing else. */
  alone(data: Buffer): void {
    this.#add(data)
    this.#close()
  }

  acknowledgeAttention(): void {
    this.#add(doneToken('done', doneStatus.attention))
    this.#send(true)
  }

  flush(): void {
    if (this.#length > 0) this.#send(false)
  }

  #settle(more: boolean): void {
    if (!this.#done) return
    const { status, rows } = this.#done
    this.#done = null
    this.#add(doneToken(this.#kind, more ? status | doneStatus.more : status, rows))
  }

  #close(): void {
    this.closed = true
    this.#send(true)
  }

  #add(data: Buffer): void {
    this.#pending.push(data)
    this.#length += data.length
    if (this.#length >= enough) this.flush()
  }

  #send(end: boolean): void {
    const data = Buffer.concat(this.#pending)
    this.#pending = []
    this.#length = 0
    if (this.#stream.writable) this.#stream.write(toPackets(packetType.reply, data, this.#packetSize, end))
  }
}
