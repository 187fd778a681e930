import fc from 'fast-check'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeServer, differences, type ServerDescription } from '../../support/compare-servers.ts'
import { seed, times, within } from '../../support/counts.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { BackupChain } from './chain.ts'
import { settingsFor } from './harness.ts'

/*
 * Random histories: one server lives on, each history has its own content. After every step the state is noted, with the place in the log and the
 * moment; at the end some of them are restored, by any of the ways there are, and must be what was noted.
 */

/** Half of the runs on each; both log formats of GTIDs, and of times. */
const releases: Release[] = ['mariadb-11.8', 'mysql-9.7']

interface Noted {
  position: string
  at: string
  state: ServerDescription
  /** Backups taken by then. */
  taken: number
}

type Step = { kind: (typeof kinds)[number]; a: number; b: number }
const kinds = [
  'insert',
  'insert',
  'insert',
  'update',
  'delete',
  'transaction',
  'rolled-back',
  'create',
  'alter',
  'drop',
  'rename',
  'truncate',
  'view',
  'trigger',
  'routine',
  'account',
  'other-begins',
  'other-commits',
  'rotate',
  'full',
  'log',
  'log',
  'log',
] as const

const step = fc.record({ kind: fc.constantFrom(...kinds), a: fc.nat(1000), b: fc.nat(1000) })
const history = fc.record({
  steps: fc.array(step, { minLength: 6, maxLength: 24 }),
  wanted: fc.array(fc.record({ which: fc.nat(1000), way: fc.constantFrom('position', 'moment') }), {
    minLength: 2,
    maxLength: 2,
  }),
})

describe.each(releases)('%s', release => {
  const mariadb = release.startsWith('mariadb')
  let source: Database
  let target: Database
  let one: Connection
  let other: Connection
  let reading: Connection
  let onTarget: Connection

  beforeAll(async () => {
    const options = {
      log_bin: 'binlog',
      ...(mariadb ? { binlog_format: 'ROW' } : { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' }),
    }
    ;[source, target] = await Promise.all([startDatabase({ release, options }), startDatabase({ release })])
    ;[one, other, reading, onTarget] = await Promise.all([
      source.connect(),
      source.connect(),
      source.connect(),
      target.connect(),
    ])
  })
  afterAll(async () => {
    for (const connection of [one, other, reading, onTarget]) connection?.destroy()
    await Promise.all([source?.stop(), target?.stop()])
  })

  async function note(taken: number): Promise<Noted> {
    const [[status]] = (await reading.query(mariadb ? 'SHOW MASTER STATUS' : 'SHOW BINARY LOG STATUS')) as any
    const [[{ at }]] = (await reading.query(
      "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') AS at",
    )) as any
    return { position: `${status.File}:${status.Position}`, at, state: await stateOf(reading), taken }
  }

  async function empty(connection: Connection): Promise<void> {
    for (const statement of [
      'DROP DATABASE IF EXISTS shop',
      'DROP DATABASE IF EXISTS other',
      "DROP USER IF EXISTS c0@'%', c1@'%', c2@'%'",
    ])
      await connection.query(statement)
  }

  async function live(chain: BackupChain, steps: Step[]): Promise<Noted[]> {
    const world = new World(one)
    await other.query('ROLLBACK')
    await empty(one)
    await world.begin()
    await chain.take('full')
    // From the first log on each one goes on where the last ended, past any full; before it, only what a full holds can be restored.
    await chain.take('log')
    const noted = [await note(2)]
    let open = false
    for (const { kind, a, b } of steps) {
      switch (kind) {
        case 'other-begins':
          if (!open) await other.query('BEGIN')
          open = true
          await other.query(`INSERT INTO other.slow (v) VALUES ('${a}')`)
          break
        case 'other-commits':
          if (open) await other.query(b % 3 === 0 ? 'ROLLBACK' : 'COMMIT')
          open = false
          break
        case 'rotate':
          await one.query('FLUSH BINARY LOGS')
          break
        case 'full':
        case 'log':
          expect((await chain.take(kind)).promoted).toBe(null)
          break
        default:
          await world.change(kind, a, b)
      }
      noted.push(await note(chain.taken.length))
    }
    if (open) await other.query('COMMIT')
    await chain.take('log')
    noted.push(await note(chain.taken.length))
    return noted
  }

  async function restore(
    chain: BackupChain,
    { position, at, taken }: Noted,
    way: 'position' | 'moment',
  ): Promise<void> {
    await empty(onTarget)
    if (way === 'moment' && !mariadb) {
      await chain.restore(target, { kind: 'at', at })
      return
    }
    // A full that was taken later does not lead back to that place.
    const all = chain.taken.slice()
    const usable = all.filter(({ committed }, i) => committed.kind === 'log' || i < taken)
    chain.taken.splice(0, all.length, ...usable)
    try {
      await chain.restore(target, { kind: 'latest' }, { before: position })
    } finally {
      chain.taken.splice(0, usable.length, ...all)
    }
  }

  test(
    'any state that a server ever had is restored from its backups',
    async () => {
      let restored = 0
      await fc.assert(
        fc.asyncProperty(history, async ({ steps, wanted }) => {
          await using chain = await BackupChain.of(settingsFor(source))
          const noted = await live(chain, steps)
          for (const { which, way } of wanted) {
            const state = noted[which % (noted.length - 1)]!
            await restore(chain, state, way)
            expect(differences(state.state, await stateOf(onTarget))).toEqual([])
            restored++
          }
          await empty(onTarget)
          await chain.restore(target)
          expect(differences(noted.at(-1)!.state, await stateOf(onTarget))).toEqual([])
        }),
        { numRuns: Math.ceil(times(500) / releases.length), seed, endOnFailure: true },
      )
      expect(restored).toBeGreaterThan(0)
    },
    within(300_000),
  )
})

/** A counter goes on with rows of transactions that are rolled back or not committed yet; no log knows of them. */
async function stateOf(connection: Connection): Promise<ServerDescription> {
  const description = await describeServer(connection)
  return new Map([...description].map(([key, text]) => [key, text.replace(/ AUTO_INCREMENT=\d+/, '')]))
}

/** What the random steps do, always something that the content of the moment allows. */
class World {
  readonly #connection: Connection
  #tables: { name: string; columns: string[] }[] = []
  #made = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async #run(...statements: string[]): Promise<void> {
    for (const statement of statements) await this.#connection.query(statement)
  }

  async begin(): Promise<void> {
    await this.#run(
      'CREATE DATABASE shop CHARACTER SET utf8mb4',
      'CREATE DATABASE other',
      'CREATE TABLE other.slow (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB',
      'USE shop',
    )
    await this.#create(0)
  }

  async change(
    kind: Exclude<Step['kind'], 'other-begins' | 'other-commits' | 'rotate' | 'full' | 'log'>,
    a: number,
    b: number,
  ) {
    const table = this.#tables[a % Math.max(this.#tables.length, 1)]
    if (!table || kind === 'create') return this.#create(b)
    const { name } = table
    switch (kind) {
      case 'insert':
        return this.#insert(table, a, b)
      case 'update':
        return this.#run(
          `UPDATE \`${name}\` SET n = n + ${b}, ${table.columns.at(-1)} = ${value(b)} WHERE id % 3 = ${b % 3}`,
        )
      case 'delete':
        return this.#run(`DELETE FROM \`${name}\` WHERE id % 5 = ${b % 5}`)
      case 'transaction':
      case 'rolled-back':
        await this.#run('BEGIN')
        await this.#insert(table, a, b)
        await this.#run(`UPDATE \`${name}\` SET n = -n`, 'SAVEPOINT s')
        await this.#insert(table, b, a)
        if (b % 2 === 0) await this.#run('ROLLBACK TO s')
        return this.#run(kind === 'transaction' ? 'COMMIT' : 'ROLLBACK')
      case 'alter': {
        const column = `c${++this.#made}`
        table.columns.push(column)
        return this.#run(
          `SET time_zone = '${b % 2 === 0 ? '+00:00' : '-07:00'}', sql_mode = '${b % 3 === 0 ? 'ANSI_QUOTES' : ''}'`,
          `ALTER TABLE \`${name}\` ADD COLUMN ${column} ${b % 2 === 0 ? "VARCHAR(40) DEFAULT 'ä'" : "TIMESTAMP NULL DEFAULT '2026-07-01 12:00:00'"}${b % 5 === 0 ? ' FIRST' : ''}`,
          "SET time_zone = '+00:00', sql_mode = ''",
        )
      }
      case 'drop':
        this.#tables = this.#tables.filter(each => each !== table)
        return this.#run(`DROP TABLE \`${name}\``)
      case 'rename':
        table.name = `r ${++this.#made}`
        return this.#run(`RENAME TABLE \`${name}\` TO \`${table.name}\``)
      case 'truncate':
        return this.#run(`TRUNCATE TABLE \`${name}\``)
      case 'view':
        return this.#run(`CREATE OR REPLACE VIEW v${b % 3} AS SELECT ${b} AS n, 'ö' AS o`)
      case 'trigger':
        return this.#run(
          `CREATE TRIGGER tr${++this.#made} BEFORE INSERT ON \`${name}\` FOR EACH ROW SET NEW.n = NEW.n + ${b}`,
        )
      case 'routine':
        return this.#run(`DROP PROCEDURE IF EXISTS p${b % 3}`, `CREATE PROCEDURE p${b % 3}() SELECT ${a}`)
      case 'account':
        return this.#run(
          `CREATE USER IF NOT EXISTS c${b % 3}@'%' IDENTIFIED BY 'x${a}'`,
          `GRANT ${a % 2 === 0 ? 'SELECT' : 'INSERT'} ON shop.* TO c${b % 3}@'%'`,
        )
    }
  }

  async #create(b: number): Promise<void> {
    const name = `t${++this.#made}`
    const columns = ['id', 'n', 'v']
    const key = b % 4 === 0 ? 'id INT NULL' : 'id INT AUTO_INCREMENT PRIMARY KEY'
    this.#tables.push({ name, columns })
    if (b % 3 === 0 && this.#tables.length > 1)
      return this.#run(
        `CREATE TABLE ${name} (${key}, n INT, v LONGTEXT) ENGINE=InnoDB AS SELECT ${b % 4 === 0 ? `${b} AS id, ` : ''}${b} AS n, 'copied' AS v`,
      )
    return this.#run(`CREATE TABLE ${name} (${key}, n INT, v LONGTEXT) ENGINE=InnoDB`)
  }

  #insert({ name, columns }: { name: string; columns: string[] }, a: number, b: number): Promise<void> {
    const rows = Array.from(
      { length: 1 + (b % 7) },
      (_, i) => `(${a + i}, ${a % 50 === 0 ? "REPEAT('long', 30000)" : `'${'x🛒'.repeat(b % 9)}'`})`,
    )
    return this.#run(`INSERT INTO \`${name}\` (${columns[1]}, ${columns[2]}) VALUES ${rows.join(', ')}`)
  }
}

const value = (b: number) => (b % 4 === 0 ? 'NULL' : "'2026-01-02 03:04:05'")
