import { isAscii } from 'node:buffer'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Server } from '../connection/server.ts'
import { systemDatabases } from '../definitions/system-databases.ts'
import { eventType } from '../log/event-header.ts'
import type { FormatDescription } from '../log/format-description.ts'
import { parseGroupStart } from '../log/gtid.ts'
import { parseQuery } from '../log/query-event.ts'
import { quoteName } from '../sql/quote.ts'
import { refusal } from '../sql/refusal.ts'
import { ServerError } from '../wire/server-error.ts'
import { execute } from '../wire/statement.ts'
import { collationsOf } from './collations.ts'
import { inflated, payloadEvents } from './compressed.ts'
import type { Filter, Verdict } from './filter.ts'
import type { LogEvent } from './read-events.ts'
import { binlog, isRows, RowStatements } from './row-statements.ts'
import { type Collations, settingsOf } from './session-state.ts'
import { changesNothing, isOfAccounts, isOfSystem } from './statements.ts'
import { intvar, rand, userVariable } from './variables.ts'
import { xidBegun, xidPrepared } from './xid.ts'

export interface ApplierOptions {
  /** A new connection to the target. */
  open(): Promise<Server>
  mariadb: boolean
  /** Left out where everything was restored. */
  filter?: Filter
  warn(code: string, message: string): void
}

/** A database without tables of anybody's, for statements that name theirs: the one they were run in is not there. */
const nobodys = 'information_schema'
const noSuchTrigger = 1360
/** No such table, database, view, routine: what the view is made of was left out, or so was the view. */
const needsWhatIsMissing = [1046, 1049, 1051, 1146, 1305, 1347, 1356, 4092]
const suppressUse = 0x0008
const threadSpecific = 0x0004

/** Carries out the events of a log on a server, in order. What it throws leaves no part of a transaction behind. */
export class Applier {
  readonly #options: ApplierOptions
  #server: Server | undefined
  #variables = new Set<string>()
  #collations: Collations = new Map()
  #format: { bytes: Buffer; parsed: FormatDescription } | undefined
  #described = false
  #database = ''
  #settings = new Map<string, string>()
  readonly #rows = new RowStatements(() => this.#format!.parsed.checksum === 'CRC32')
  #skipping = false
  /** XA transactions that are prepared and wait for their end. */
  readonly #prepared = new Set<string>()
  #warned = new Set<string>()

  constructor(options: ApplierOptions) {
    this.#options = options
  }

  async #connected(): Promise<Server> {
    if (this.#server) return this.#server
    const server = await this.#options.open()
    this.#server = server
    const rows = await server.query('SHOW SESSION VARIABLES')
    this.#variables = new Set(rows.map(row => row.Variable_name!.toString()))
    this.#collations = await collationsOf(server)
    await server.query('SET NAMES utf8mb4')
    await server.query('SET SESSION wait_timeout = 86400, net_read_timeout = 86400')
    return server
  }

  /** A new file begins. */
  describe(bytes: Buffer, parsed: FormatDescription): void {
    this.#format = { bytes: Buffer.from(bytes), parsed }
    this.#described = false
  }

  /** @throws Failure `replay-refused` that names the event, or ServerError and what a connection is lost with, for the caller to explain */
  async apply(event: LogEvent): Promise<void> {
    const { type, event: bytes } = inflated(event.type, event.bytes)
    await this.#apply(type, bytes, event)
  }

  /** A file ends: what it began and did not end never happened. */
  async endFile(): Promise<void> {
    this.#rows.clear()
    this.#skipping = false
    await this.#server?.query('ROLLBACK')
  }

  /** At the stop: prepared transactions are not part of the state. */
  async finish(): Promise<void> {
    for (const xid of this.#prepared) {
      this.#options.warn(
        'xa-rolled-back',
        `the XA transaction ${xid} was prepared and not committed: it is rolled back`,
      )
      await this.#run(`XA ROLLBACK ${xid}`)
      this.#prepared.delete(xid)
    }
    await this.close()
  }

  /** XA transactions that may be prepared on the target and wait for their end, whoever brings it. */
  get prepared(): ReadonlySet<string> {
    return this.#prepared
  }

  async close(): Promise<void> {
    await this.#server?.end()
    this.#server = undefined
    this.#database = ''
    this.#settings.clear()
    this.#described = false
  }

  async #apply(type: number, bytes: Buffer, event: LogEvent): Promise<void> {
    switch (type) {
      case eventType.gtid:
      case eventType.anonymousGtid:
      case eventType.taggedGtid:
        this.#skipping = false
        return this.#describeFormat() // in a transaction it would be too late
      case eventType.mariadbGtid: {
        await this.#describeFormat()
        this.#skipping = parseGroupStart(type, bytes).alter !== null
        const xid = xidBegun(type, bytes)
        if (xid !== undefined) await this.#run(`XA START ${xid}`)
        else if ((bytes[19 + 12]! & 1) === 0) await this.#run('START TRANSACTION')
        return
      }
      case eventType.query:
        return this.#skipping ? undefined : this.#query(bytes, event)
      case eventType.xid:
        return this.#run('COMMIT')
      case eventType.xaPrepare:
        return this.#prepare(bytes)
      case eventType.tableMap:
        return this.#addTable(bytes)
      case eventType.intvar:
        return this.#run(intvar(bytes))
      case eventType.rand:
        return this.#run(rand(bytes))
      case eventType.userVar:
        return this.#userVariable(bytes)
      case eventType.transactionPayload:
        for await (const inner of payloadEvents(bytes)) {
          const time = inner.readUInt32LE(0)
          const flags = inner.readUInt16LE(17)
          await this.#apply(inner[4]!, inner, { ...event, type: inner[4]!, time, flags, bytes: inner })
        }
        return
    }
    if (!isRows(type)) return
    for (const statement of this.#rows.addRows(bytes)) {
      await this.#describeFormat()
      await execute(await this.#connected(), { length: statement.length, pieces: [statement] })
    }
  }

  #addTable(bytes: Buffer): void {
    const table = RowStatements.tableOf(bytes)
    const { filter } = this.#options
    const ignored = this.#isLeftOut(table.database) || filter?.has(table) === false
    this.#rows.addTable(bytes, ignored, filter?.unchecked(table) ?? 'none')
  }

  /** Rows can only be read by a server that knows the format of the log they come from. */
  async #describeFormat(): Promise<void> {
    if (this.#described) return
    await this.#run(binlog([this.#format!.bytes]).toString('latin1'))
    // The description leaves MySQL waiting to be told which GTID comes; the target numbers what is replayed itself.
    if (this.#variables.has('gtid_next')) await this.#run("SET @@session.gtid_next = 'AUTOMATIC'")
    this.#described = true
  }

  async #query(bytes: Buffer, event: LogEvent): Promise<void> {
    const query = parseQuery(bytes)
    const text = query.text.toString('latin1')
    if (text === 'BEGIN') {
      await this.#describeFormat()
      return this.#run('START TRANSACTION')
    }
    if (/^(?:COMMIT|ROLLBACK|SAVEPOINT)\b/.test(text)) return this.#plain(query.text)
    if (/^XA (?:START|END|COMMIT|ROLLBACK)\b/.test(text)) return this.#xa(text)
    if (changesNothing(text)) return
    const database = query.database.toString('utf8')
    if (isOfSystem(database, text)) {
      this.#isLeftOut('mysql')
      return
    }
    const verdict: Verdict = this.#options.filter?.judge(query) ?? { in: true }
    if (!('in' in verdict))
      throw new Failure('replay-selection', 'A statement cannot be told from others', { why: verdict.unclear })
    if (!verdict.in) return
    await this.#prepareSession(query.status, event)
    if ((event.flags & suppressUse) === 0)
      await this.#use(this.#options.filter?.holds(database) === false ? nobodys : database)
    if ((event.flags & threadSpecific) !== 0) await this.#run(`SET @@session.pseudo_thread_id = ${query.threadId}`)
    try {
      await this.#plain(query.text)
      if (/^\s*DROP\s+(?:DATABASE|SCHEMA)\b/i.test(text)) this.#database = '' // it may have been the current one
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      if (error.errno === query.errorCode) return // it failed at the source too
      if (verdict.missing === 'trigger' && error.errno === noSuchTrigger) return // its table was left out
      if (verdict.missing === 'view' && needsWhatIsMissing.includes(error.errno)) {
        this.#options.warn('view-left-out', `${text.slice(0, 200)}: error ${error.errno}: ${error.message}`)
        return
      }
      if (!isOfAccounts(text)) throw error
      this.#options.warn('account-refused', refusal(text, error))
    }
  }

  async #prepareSession(status: Buffer, event: LogEvent): Promise<void> {
    await this.#connected()
    const { mariadb } = this.#options
    const found = settingsOf(status, {
      mariadb,
      supports: name => this.#variables.has(name),
      collations: this.#collations,
    })
    if (!found)
      throw new Failure(
        'replay-unsupported',
        'The log holds a statement with a setting that this version does not know',
      )
    const { settings, microseconds } = found
    const changed = [...settings].filter(([name, value]) => this.#settings.get(name) !== value)
    changed.push(['timestamp', `${event.time}.${String(microseconds).padStart(6, '0')}`])
    await this.#run(`SET ${changed.map(([name, value]) => `@@session.${name} = ${value}`).join(', ')}`)
    for (const [name, value] of settings) this.#settings.set(name, value)
  }

  async #use(database: string): Promise<void> {
    if (database === '' || database === this.#database) return
    await this.#run(`USE ${quoteName(database)}`)
    this.#database = database
  }

  /** Text in any character set. Statements that answer with rows are plain ones in practice. */
  async #plain(text: Buffer): Promise<void> {
    if (isAscii(text)) return this.#run(text.toString('latin1'))
    await execute(await this.#connected(), { length: text.length, pieces: [text] })
  }

  async #run(sql: string): Promise<void> {
    await (await this.#connected()).query(sql)
  }

  async #xa(text: string): Promise<void> {
    const xid = text.replace(/^XA \w+ /, '').trim()
    // It was prepared before the full, which never held what it wrote.
    if (text.startsWith('XA ROLLBACK') && !this.#prepared.has(xid)) return
    await this.#run(text)
    this.#prepared.delete(xid)
  }

  /** A session is bound to what it prepared; the next transactions need another one. */
  async #prepare(bytes: Buffer): Promise<void> {
    const { xid, onePhase } = xidPrepared(bytes)
    if (onePhase) return this.#run(`XA COMMIT ${xid} ONE PHASE`)
    // Before: it may be prepared also where the answer is lost.
    this.#prepared.add(xid)
    await this.#run(`XA PREPARE ${xid}`)
    await this.close()
  }

  async #userVariable(bytes: Buffer): Promise<void> {
    await this.#connected()
    await this.#run(
      userVariable(bytes, (number, value) => {
        const known = this.#collations.get(number)
        const hex = `X'${value.toString('hex')}'`
        return known ? `_${known.charset} ${hex} COLLATE ${known.collation}` : `_binary ${hex}`
      }),
    )
  }

  #isLeftOut(database: string): boolean {
    if (!systemDatabases.includes(database.toLowerCase())) return false
    if (!this.#warned.has(database))
      this.#options.warn(
        'replay-left-out',
        `the log changes tables of the database ${database}, which belongs to the server itself: these changes are left out`,
      )
    this.#warned.add(database)
    return true
  }
}

/** @param isWhole whether all that was done before `place` stays: no XA transaction that was prepared there is rolled back */
export function explainRefused(error: unknown, place: { name: string; offset: number }, isWhole: boolean): Failure {
  if (error instanceof Failure && error.code !== 'mysql-connection-lost') return error
  const at = `${place.name}:${place.offset}`
  const before = `Everything before ${at} is in the target`
  if (!(error instanceof ServerError))
    return new Failure('mysql-connection-lost', `The connection to the target was lost at ${at}`, {
      why: messageOf(error),
      // Its commit may have been carried out, and the answer be lost.
      fix: `${before}, and perhaps this transaction: remove the cause and restore again`,
      cause: error,
    })
  const goOn = `remove the cause and go on from there with the commands of RESTORE.md (--start-position=${place.offset}), or restore again with --before ${at}`
  const anew = `but XA transactions that were prepared there and not ended are rolled back: remove the cause and restore again, or with --before ${at}`
  return new Failure('replay-refused', `The target refuses the transaction at ${at}`, {
    why: `error ${error.errno}: ${error.message}`,
    fix: `${before} and nothing of this transaction${isWhole ? `: ${goOn}` : `, ${anew}`}`,
    cause: error,
  })
}
