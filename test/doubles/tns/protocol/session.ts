import type { Socket } from 'node:net'
import { OraError } from '../ora.ts'
import { type Answer, HangUp, type OracleServer, type ServerSession, type Target } from '../server.ts'
import type { Column, Value } from '../value.ts'
import {
  direction,
  endAnswer,
  noMoreRows,
  writeColumns,
  writeEnd,
  writeOutBinds,
  writeReturn,
  writeRows,
} from './answer.ts'
import { authAnswer, readAuth, versionNumber } from './auth.ts'
import { acceptance, readConnect, redirection, refusal, valueIn } from './connect.ts'
import { type BindType, readBinds, readExecute } from './execute.ts'
import { lobAnswer, operate, readLobRequest } from './lob.ts'
import { encryptionDemand, isNegotiation } from './native-encryption.ts'
import { dataTypesAnswer, protocolAnswer, skipDataTypes, skipProtocol } from './negotiate.ts'
import { type Incoming, Packets, packetType } from './packets.ts'
import { readFunction, readPiggybacks } from './piggyback.ts'
import { ProtocolError } from './protocol-error.ts'
import { Reader } from './reader.ts'
import { isModern, type Release, releases } from './release.ts'
import { typeOf } from './types.ts'
import { LogonAttempt } from './verifier.ts'
import { Writer } from './writer.ts'

const messageType = { protocol: 1, dataTypes: 2, function: 3, end: 29, fastLogin: 34 } as const
const mark = { break: 1, reset: 2 } as const
const func = {
  reExecute: 4,
  fetch: 5,
  logOff: 9,
  commit: 14,
  rollback: 15,
  reExecuteAndFetch: 78,
  execute: 94,
  lob: 96,
  authPhaseTwo: 115,
  authPhaseOne: 118,
  ping: 147,
} as const

interface Cursor {
  sql: string
  bindTypes: BindType[]
  columns: Column[]
  rows: Value[][]
}

/**
 * One connection, from CONNECT to the end.
 *
 * A client may break off a call:
 *
 *     client   EXECUTE ──────────────► INTERRUPT ►          RESET ►
 *     server                 (busy)               ◄ BREAK           ◄ RESET, ORA-01013
 */
export class Session {
  readonly #socket: Socket
  readonly #server: OracleServer
  readonly #release: Release
  readonly #packets: Packets
  readonly #cursors = new Map<number, Cursor>()
  #unit = 8192
  #target: Target = { service: null, sid: null }
  #attempt: { logOn: LogonAttempt; begin: () => Promise<ServerSession> } | null = null
  #session: ServerSession | null = null
  /** Of the call in flight; one that is over was broken off. */
  #call = new AbortController()
  #nextCursor = 1

  constructor(socket: Socket, server: OracleServer, release: Release) {
    this.#socket = socket
    this.#server = server
    this.#release = release
    this.#packets = new Packets(socket)
  }

  /** Serves the client until it hangs up. @throws ProtocolError when the client writes what this double cannot read */
  async serve(): Promise<void> {
    let calls: Promise<void> = Promise.resolve()
    let mistake: unknown
    const fail = (error: unknown) => {
      mistake ??= error
      this.#socket.destroy()
    }
    this.#socket.on('data', bytes => {
      try {
        for (const incoming of this.#packets.receive(bytes)) {
          if (incoming.kind === 'marker') this.#marked(incoming.mark)
          else calls = calls.then(() => this.#take(incoming)).catch(fail)
        }
      } catch (error) {
        fail(error)
      }
    })
    // A client that is killed resets the connection; what follows is the end of it in any case.
    this.#socket.on('error', () => this.#socket.destroy())
    await new Promise<void>(resolve => this.#socket.once('close', () => resolve()))
    this.#call.abort()
    await calls
    await this.#session?.end()
    if (mistake) throw mistake
  }

  #marked(which: number): void {
    if (which === mark.reset) {
      this.#packets.sendMarker(mark.reset)
      this.#send(endAnswer(this.#release, new OraError(1013, 'user requested cancel of current operation')))
    } else {
      this.#call.abort()
      this.#packets.sendMarker(mark.break)
    }
  }

  async #take(incoming: Exclude<Incoming, { kind: 'marker' }>): Promise<void> {
    if (this.#socket.destroyed) return
    if (incoming.kind === 'end') return void this.#socket.end()
    if (incoming.kind === 'connect') {
      const { unit, description } = readConnect(incoming.body)
      this.#unit = unit
      if (description !== null) this.#route(description)
      return
    }
    const reader = new Reader(incoming.bytes)
    if (reader.bytes[0] === '('.charCodeAt(0)) return this.#route(reader.bytes.toString())
    if (isNegotiation(reader.bytes)) return this.#packets.sendMessage(encryptionDemand(), false)
    const call = new AbortController()
    this.#call = call
    const answer = await this.#answer(reader, call.signal)
    if (call.signal.aborted || this.#socket.destroyed) return
    this.#send(answer)
    this.#server.answered?.()
  }

  #send(answer: Buffer): void {
    const modern = isModern(this.#release)
    this.#packets.sendMessage(modern ? Buffer.concat([answer, Buffer.from([messageType.end])]) : answer, modern)
  }

  #route(description: string): void {
    this.#target = { service: valueIn(description, 'SERVICE_NAME'), sid: valueIn(description, 'SID') }
    const route = this.#server.route(this.#target)
    if (route === 'accept') {
      this.#packets.send(packetType.accept, acceptance(this.#release, this.#unit, this.#server.demandsEncryption))
      this.#packets.accepted(this.#unit)
    } else if ('redirect' in route) this.#packets.send(packetType.redirect, redirection(route.redirect))
    else this.#packets.send(packetType.refuse, refusal(route.refuse))
  }

  async #answer(reader: Reader, signal: AbortSignal): Promise<Buffer> {
    const { cursors, blobs } = readPiggybacks(reader, this.#release)
    for (const cursor of cursors) this.#cursors.delete(cursor)
    this.#session?.blobs.free(blobs)
    const type = reader.u8()
    if (type === messageType.protocol) return protocolAnswer(this.#release)
    if (type === messageType.dataTypes) return dataTypesAnswer(this.#release, this.#server.offsetMinutes)
    if (type === messageType.fastLogin) return this.#fastLogin(reader)
    if (type !== messageType.function) throw new ProtocolError(`a message of type ${type}`)
    const code = readFunction(reader, this.#release)
    return this.#refusable(() => this.#perform(code, reader, signal))
  }

  async #perform(code: number, reader: Reader, signal: AbortSignal): Promise<Buffer> {
    switch (code) {
      case func.authPhaseOne:
        return this.#challenge(reader)
      case func.authPhaseTwo:
        return this.#logOn(reader)
      case func.execute:
        return this.#execute(reader, signal)
      case func.reExecute:
      case func.reExecuteAndFetch:
        return this.#executeAgain(reader, signal)
      case func.fetch:
        return this.#fetch(reader)
      case func.lob:
        return this.#lob(reader, signal)
      case func.commit:
      case func.rollback:
      case func.ping:
      case func.logOff:
        return endAnswer(this.#release)
      default:
        throw new ProtocolError(`function ${code}`)
    }
  }

  /** What is three messages otherwise in one: the protocol, the data types and the first half of the login, which is written as for 19. */
  async #fastLogin(reader: Reader): Promise<Buffer> {
    reader.take(3)
    skipProtocol(reader)
    reader.take(6)
    skipDataTypes(reader)
    reader.take(1)
    const code = readFunction(reader, releases['19'])
    if (code !== func.authPhaseOne) throw new ProtocolError(`function ${code} in the first message`)
    return Buffer.concat([
      protocolAnswer(this.#release),
      dataTypesAnswer(this.#release, this.#server.offsetMinutes),
      await this.#refusable(async () => this.#challenge(reader)),
    ])
  }

  /** Has something done that the database may refuse, and is then told to the client. */
  async #refusable(perform: () => Promise<Buffer>): Promise<Buffer> {
    try {
      return await perform()
    } catch (error) {
      if (error instanceof OraError) return endAnswer(this.#release, error)
      if (error instanceof HangUp) this.#socket.destroy()
      if (this.#socket.destroyed) return Buffer.alloc(0)
      throw error
    }
  }

  #challenge(reader: Reader): Buffer {
    const { user, privilege } = readAuth(reader)
    const account = this.#server.logOn({ user, privilege }, this.#target)
    const logOn = new LogonAttempt(account.password)
    this.#attempt = { logOn, begin: () => account.begin() }
    const writer = authAnswer(logOn.challenge())
    writeEnd(writer, this.#release, {})
    return writer.bytes()
  }

  async #logOn(reader: Reader): Promise<Buffer> {
    const { values } = readAuth(reader)
    const attempt = this.#attempt
    const response = attempt?.logOn.answer(values.get('AUTH_SESSKEY') ?? '', values.get('AUTH_PASSWORD') ?? '')
    if (!attempt || !response) throw new OraError(1017, 'invalid username/password; logon denied')
    this.#session = await attempt.begin()
    const { facts } = this.#session
    const writer = authAnswer([
      ['AUTH_SVR_RESPONSE', response],
      ['AUTH_VERSION_NO', String(versionNumber(this.#release))],
      ['AUTH_VERSION_STRING', '- Production'],
      ['AUTH_DBNAME', facts.database],
      ['AUTH_SC_DBUNIQUE_NAME', facts.database],
      ['AUTH_SC_SERVICE_NAME', facts.service],
      ['AUTH_INSTANCENAME', facts.instance],
      ['AUTH_SESSION_ID', String(facts.id)],
      ['AUTH_SERIAL_NUM', String(facts.serial)],
      ['AUTH_MAX_OPEN_CURSORS', '300'],
    ])
    writeEnd(writer, this.#release, {})
    return writer.bytes()
  }

  get #open(): ServerSession {
    if (this.#session === null) throw new OraError(1012, 'not logged on')
    return this.#session
  }

  async #execute(reader: Reader, signal: AbortSignal): Promise<Buffer> {
    const request = readExecute(reader, this.#release)
    const known = this.#cursors.get(request.cursor)
    const sql = request.sql ?? known?.sql
    if (sql === undefined) throw new OraError(1001, 'invalid cursor')
    const cursor: Cursor = {
      sql,
      bindTypes: request.bindTypes ?? known?.bindTypes ?? [],
      columns: [],
      rows: [],
    }
    const number = known ? request.cursor : this.#nextCursor++
    return this.#run(number, cursor, request.binds, { describe: true, rows: request.rows }, signal)
  }

  async #executeAgain(reader: Reader, signal: AbortSignal): Promise<Buffer> {
    const number = reader.count()
    const rows = reader.count()
    reader.count()
    reader.count()
    const cursor = this.#cursors.get(number)
    if (!cursor) throw new OraError(1001, 'invalid cursor')
    const binds = readBinds(reader, cursor.bindTypes)
    return this.#run(number, cursor, binds, { describe: false, rows }, signal)
  }

  async #run(
    number: number,
    cursor: Cursor,
    values: Value[],
    want: { describe: boolean; rows: number },
    signal: AbortSignal,
  ): Promise<Buffer> {
    const binds = cursor.bindTypes.map(({ type }, index) => ({ type: typeOf(type), value: values[index] ?? null }))
    const answer = await this.#open.execute({ sql: cursor.sql, binds }, signal)
    this.#cursors.set(number, cursor)
    const writer = new Writer()
    if (answer.kind === 'rows') this.#writeQuery(writer, number, cursor, answer, want)
    else {
      const directions = binds.map((_, index) => (answer.out?.has(index) ? direction.inOut : direction.in))
      if (answer.out && answer.out.size > 0) {
        const out = binds.flatMap(({ type }, index) =>
          answer.out!.has(index) ? [{ type, value: answer.out!.get(index)! }] : [],
        )
        writeOutBinds(writer, directions, out)
      }
      writeReturn(writer)
      writeEnd(writer, this.#release, { cursor: number, rows: answer.rows })
    }
    return writer.bytes()
  }

  #writeQuery(
    writer: Writer,
    number: number,
    cursor: Cursor,
    answer: Extract<Answer, { kind: 'rows' }>,
    want: { describe: boolean; rows: number },
  ): void {
    cursor.columns = answer.columns
    cursor.rows = [...answer.rows]
    if (want.describe) writeColumns(writer, this.#release, cursor.columns)
    this.#writeFetched(writer, number, cursor, want.rows)
  }

  #fetch(reader: Reader): Buffer {
    const number = reader.count()
    const cursor = this.#cursors.get(number)
    if (!cursor) throw new OraError(1001, 'invalid cursor')
    const writer = new Writer()
    this.#writeFetched(writer, number, cursor, reader.count())
    return writer.bytes()
  }

  /** The end is told when the rows do not fill what was asked for. */
  #writeFetched(writer: Writer, number: number, cursor: Cursor, most: number): void {
    const rows = cursor.rows.splice(0, most)
    const types = cursor.columns.map(({ type }) => type)
    writeRows(writer, types, rows)
    const end = { cursor: number, rows: rows.length }
    writeEnd(writer, this.#release, rows.length < most ? { ...end, error: noMoreRows } : end)
  }

  async #lob(reader: Reader, signal: AbortSignal): Promise<Buffer> {
    const request = readLobRequest(reader)
    return lobAnswer(request, this.#release, await operate(request, this.#open, signal))
  }
}
