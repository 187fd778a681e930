import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, dump, failureOf, settingsFor } from './harness.ts'
import { nastyOn } from './nasty/nasty.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']

/** What others do to the server while it is backed up. */
describe.each(releases)('%s', release => {
  const isMysql = release.startsWith('mysql')
  const tables = ['a', 'b', 'c', 'd']
  let server: Database

  beforeAll(async () => {
    server = await startDatabase({ release, options: { log_bin: 'binlog' } })
    const connection = await server.connect()
    const { all, numbers } = nastyOn(connection, release)
    if (isMysql) await all('SET SESSION cte_max_recursion_depth = 100000')
    await all('CREATE DATABASE d', 'USE d')
    // Each longer than what lies between server and reader.
    for (const table of tables)
      await all(
        `CREATE TABLE ${table} (id INT PRIMARY KEY, t TEXT)`,
        `INSERT INTO ${table} SELECT seq, REPEAT('x', 2000) FROM ${numbers(1, 8000)}`,
      )
    await all(
      "CREATE USER weak@'%'",
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS, LOCK TABLES ON *.* TO weak@'%'`,
    )
    await connection.end()
  })
  afterAll(() => server?.stop())

  async function backupConnections(): Promise<{ ID: number; INFO: string | null }[]> {
    const connection = await server.connect()
    const [rows] = (await connection.query(
      "SELECT ID, INFO FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER IN ('root', 'weak') AND COMMAND <> 'Daemon' ORDER BY ID",
    )) as any
    await connection.end()
    return rows
  }

  /** Once each of the four tables is being read by a connection of its own. */
  function whileFourRead(disturb: () => Promise<void>) {
    const chunks = new Map<string, number>()
    const reading = () => [...chunks.values()].filter(count => count > 1).length // the first is the head of the file
    let disturbed: Promise<void> | undefined
    return dump(settingsFor(server), {
      concurrency: 4,
      async onChunk({ role, attributes }) {
        if (role !== 'data') return
        const { table } = attributes as { table: string }
        chunks.set(table, (chunks.get(table) ?? 0) + 1)
        if (chunks.get(table) === 1) return
        for (let n = 0; reading() < 4 && n < 500; n++) await sleep(10)
        disturbed ??= disturb()
        await disturbed
      },
    })
  }

  test('when one of four readers loses its connection the whole backup fails, and the server keeps nothing of it', async () => {
    const failure = await failureOf(
      whileFourRead(async () => {
        const readers = (await backupConnections()).filter(({ INFO }) => INFO?.includes('SQL_NO_CACHE'))
        expect(readers).toHaveLength(4)
        await server.execute(`KILL ${readers[2]!.ID}`)
      }),
    )
    expect(failure).toMatch(/^mysql-connection-lost: .*another moment.*run the backup again/)
    await expect.poll(backupConnections, { timeout: 5000 }).toEqual([])
    await using again = await dump(settingsFor(server))
    expect(again.input.files.filter(({ role }) => role === 'data')).toHaveLength(4)
  })

  test.each([
    ['the one that reads definitions', (ids: number[]) => [Math.min(...ids)]],
    ['those that read nothing yet', (ids: number[]) => ids.filter(id => id !== Math.min(...ids))],
  ])('when a connection that waits is lost, %s, the backup fails by name', async (_, choose) => {
    let done = false
    const failure = await failureOf(
      dump(settingsFor(server), {
        concurrency: 1,
        rangeBytes: 4_000_000,
        async before({ role }) {
          if (done || role !== 'data') return
          done = true
          const ids = (await backupConnections()).map(({ ID }) => ID)
          await server.execute(...choose(ids).map(id => `KILL ${id}`))
        },
      }),
    )
    expect(done).toBe(true)
    expect(failure).toMatch(/^mysql-connection-lost: /)
    await expect.poll(backupConnections, { timeout: 5000 }).toEqual([])
  })

  test('a reader that staging holds up, and one that waits, are not cut off by the timeouts of the server', async () => {
    const names = ['net_write_timeout', 'net_read_timeout', 'wait_timeout', 'interactive_timeout']
    const connection = await server.connect()
    const [[was]] = (await connection.query(`SELECT ${names.map(name => `@@global.${name} ${name}`).join()}`)) as any
    await connection.query(`SET GLOBAL ${names.map(name => `${name} = 1`).join(', GLOBAL ')}`)
    try {
      let chunks = 0
      await using dumped = await dump(settingsFor(server), {
        concurrency: 1,
        async onChunk({ role, attributes }) {
          if (role !== 'data' || attributes?.table !== 'a') return
          if (++chunks === 2) await sleep(4000)
        },
      })
      expect(chunks).toBeGreaterThan(10)
      expect(dumped.input.files.find(({ name }) => name.startsWith('d.a.0'))!.attributes.rows).toBe('8000')
    } finally {
      await server.execute(...names.map(name => `SET GLOBAL ${name} = ${was[name]}`))
      await connection.end()
    }
  }, 60_000)

  test('rows of other engines are those of when they were read, and the run names them; rows of InnoDB are those of the moment', async () => {
    await server.execute(
      'CREATE TABLE d.plain (id INT PRIMARY KEY) ENGINE=MyISAM',
      'INSERT INTO d.plain VALUES (1)',
      'CREATE TABLE d.exact (id INT PRIMARY KEY) ENGINE=InnoDB',
      'INSERT INTO d.exact VALUES (1)',
    )
    try {
      let written = false
      await using dumped = await dump(settingsFor(server), {
        concurrency: 1,
        async before({ role }) {
          if (written || role !== 'data') return
          written = true
          await server.execute('INSERT INTO d.plain VALUES (2)', 'INSERT INTO d.exact VALUES (2)')
        },
      })
      const rowsOf = (table: string) =>
        dumped.input.files.find(({ role, attributes }) => role === 'data' && attributes.table === table)!.attributes
          .rows
      expect([rowsOf('plain'), rowsOf('exact')]).toEqual(['2', '1'])
      expect(dumped.warnings).toEqual([expect.stringMatching(/^tables-not-transactional: `d`\.`plain` \(MyISAM\)/)])
    } finally {
      await server.execute('DROP TABLE d.plain', 'DROP TABLE d.exact')
    }
  })

  describe('a change of definitions', () => {
    beforeEach(() =>
      server.execute(
        'DROP TABLE IF EXISTS d.small',
        'CREATE TABLE d.small (id INT PRIMARY KEY)',
        'INSERT INTO d.small VALUES (1)',
      ),
    )
    afterAll(() => server.execute('DROP TABLE IF EXISTS d.small'))

    /** Between the moment and the reading of d.small, which is the smallest and comes last. */
    function whileReading(user: string, disturb: () => Promise<void>) {
      let done = false
      return dump(settingsFor(server, user), {
        concurrency: 1,
        async before({ role }) {
          if (done || role !== 'data') return
          done = true
          await disturb()
        },
      })
    }

    test.each([
      ['ALTER TABLE d.small ADD COLUMN more INT', /`small` was altered/],
      ['TRUNCATE TABLE d.small', /`small` was altered/],
      ['DROP TABLE d.small', /`small` was dropped/],
      ['RENAME TABLE d.small TO d.smaller', /`small` was dropped/],
    ])('that nothing keeps off fails the backup by its table: %s', async (statement, what) => {
      const failure = await failureOf(whileReading('weak', () => server.execute(statement)))
      await server.execute('DROP TABLE IF EXISTS d.smaller')
      expect(failure).toMatch(/^mysql-table-changed: .*Run the backup again/)
      expect(failure).toMatch(what)
    })

    if (isMysql)
      test('waits for the end of a backup that may keep it off, and is then made', async () => {
        let altered = false
        let altering: Promise<void> | undefined
        await using dumped = await whileReading('root', async () => {
          altering = server.execute('ALTER TABLE d.small ADD COLUMN more INT').then(() => {
            altered = true
          })
          await sleep(500)
          expect(altered).toBe(false)
        })
        await altering
        expect(altered).toBe(true)
        const file = dumped.input.files.find(({ role, attributes }) => role === 'data' && attributes.table === 'small')
        expect(file!.attributes.rows).toBe('1')
      })
  })

  describe('an address that leads to two servers', () => {
    let others: Database[]

    beforeAll(async () => {
      others = await Promise.all(['2', '3'].map(server_id => startDatabase({ release, options: { server_id } })))
    })
    afterAll(() => Promise.all(others.map(other => other.stop())))

    test('is refused as a source', async () => {
      await using address = await balancer(server, others[0]!)
      expect(await failureOf(dump(settingsFor(address)))).toMatch(
        /^mysql-several-servers: .*one connection reached .*another.*Name one server/,
      )
    })

    test('is refused as a target before anything is changed', async () => {
      await using dumped = await dump(settingsFor(server))
      await using address = await balancer(...others)
      expect(await failureOf(applyTo(address, dumped))).toMatch(/^mysql-several-servers: /)
      for (const other of others) {
        const connection = await other.connect()
        const [found] = (await connection.query("SHOW DATABASES LIKE 'd'")) as any
        expect(found).toEqual([])
        await connection.end()
      }
    })
  })
})

/** Leads each connection to the next of the servers. */
async function balancer(...servers: { port: number }[]): Promise<{ port: number } & AsyncDisposable> {
  let next = 0
  const listening = createServer(client => {
    const upstream = connect(servers[next++ % servers.length]!.port, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    for (const end of [client, upstream])
      end.on('error', () => {
        client.destroy()
        upstream.destroy()
      })
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => listening.once('listening', resolve))
  return {
    port: (listening.address() as { port: number }).port,
    [Symbol.asyncDispose]: () => new Promise(resolve => listening.close(() => resolve())),
  }
}
