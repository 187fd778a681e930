import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { type Database, startDatabase } from '../../support/database.ts'
import { dump, failureOf, settingsFor } from './harness.ts'

let server: Database
beforeAll(async () => {
  server = await startDatabase({ options: { log_bin: 'binlog' } })
  await server.execute(
    'CREATE DATABASE d',
    'CREATE TABLE d.first (id INT PRIMARY KEY, t TEXT)',
    "INSERT INTO d.first SELECT seq, REPEAT('x', 1000) FROM d.seq_1_to_20000",
    'ANALYZE TABLE d.first',
    'CREATE TABLE d.second (id INT PRIMARY KEY)',
    'INSERT INTO d.second VALUES (1)',
    "CREATE USER bkp@'%' IDENTIFIED BY 'right'",
  )
})
afterAll(() => server?.stop())

const never = () => new AbortController().signal
const inspect = (settings: ReturnType<typeof settingsFor>) => failureOf(mysql.inspect(settings, never()))

test('a wrong password is told apart from everything else', async () => {
  process.env.MYSQL_TEST_PASSWORD = 'wrong'
  expect(await inspect(settingsFor(server, 'bkp', 'MYSQL_TEST_PASSWORD'))).toMatch(
    /^mysql-login-refused: The MySQL server at 127\.0\.0\.1:\d+ refuses the login of bkp: Access denied.*Check user and password/,
  )
})

test('a server that is not there is unreachable', async () => {
  const placeholder = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => placeholder.once('listening', resolve))
  const { port } = placeholder.address() as { port: number }
  await new Promise(resolve => placeholder.close(resolve))
  expect(await inspect(settingsFor({ port }))).toMatch(
    /^mysql-unreachable: .*nothing listens there\. Check that it runs/,
  )
})

test('a server that is not MySQL is named as such', async () => {
  const web = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await new Promise(resolve => web.once('listening', resolve))
  try {
    expect(await inspect(settingsFor(web.address() as { port: number }))).toMatch(/^not-mysql: .*Correct host and port/)
  } finally {
    web.close()
  }
})

test.each([
  ['SELECT', 'SHOW VIEW, TRIGGER, EVENT'],
  ['SHOW VIEW', 'SELECT, TRIGGER, EVENT'],
  ['TRIGGER', 'SELECT, SHOW VIEW, EVENT'],
  ['EVENT', 'SELECT, SHOW VIEW, TRIGGER'],
])('without the right %s the backup is refused, with the GRANT that is missing', async (missing, granted) => {
  await server.execute("CREATE OR REPLACE USER bkp@'%' IDENTIFIED BY 'right'", `GRANT ${granted} ON *.* TO bkp@'%'`)
  process.env.MYSQL_TEST_PASSWORD = 'right'
  expect(await inspect(settingsFor(server, 'bkp', 'MYSQL_TEST_PASSWORD'))).toContain(
    `mysql-missing-right: The account \`bkp\`@\`%\` lacks the right ${missing} on all databases`,
  )
  expect(await inspect(settingsFor(server, 'bkp', 'MYSQL_TEST_PASSWORD'))).toContain(
    `GRANT ${missing} ON *.* TO \`bkp\`@\`%\``,
  )
})

test('rights that come from a role count', async () => {
  await server.execute(
    'CREATE OR REPLACE ROLE backups',
    'GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO backups',
    "CREATE OR REPLACE USER bkp@'%' IDENTIFIED BY 'right'",
    "GRANT backups TO bkp@'%'",
    "SET DEFAULT ROLE backups FOR bkp@'%'",
  )
  process.env.MYSQL_TEST_PASSWORD = 'right'
  const inventory = await mysql.inspect(settingsFor(server, 'bkp', 'MYSQL_TEST_PASSWORD'), never())
  expect(inventory.databases).toEqual(['d'])
})

/** Does something to the server once rows of `first` are being read, through one consumer. */
function during(disturb: () => Promise<void>, table = 'first') {
  let done = false
  return dump(settingsFor(server), {
    concurrency: 1,
    rangeBytes: 4_000_000,
    async onChunk(artefact) {
      if (done || artefact.attributes?.table !== table || artefact.role !== 'data') return
      done = true
      await disturb()
    },
  })
}

test('a connection that is killed in the middle fails the whole backup', async () => {
  const kill = async () => {
    const connection = await server.connect()
    const [rows] = (await connection.query(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT /*!40001 SQL_NO_CACHE */%' OR COMMAND = 'Sleep'",
    )) as any
    for (const { ID } of rows) await connection.query(`KILL ${ID}`).catch(() => {}) // one may have ended meanwhile
    await connection.end()
  }
  expect(await failureOf(during(kill))).toMatch(/^mysql-connection-lost: .*another moment.*run the backup again/)
})

test.each([
  ['altered', 'ALTER TABLE d.second ADD COLUMN more INT'],
  ['altered', 'ALTER TABLE d.second ENGINE=InnoDB'],
  ['altered', 'TRUNCATE TABLE d.second'],
  ['dropped', 'DROP TABLE d.second'],
])('a table that is %s before its rows were read fails the backup by its name: %s', async (what, statement) => {
  await server.execute('CREATE OR REPLACE TABLE d.second (id INT PRIMARY KEY)', 'INSERT INTO d.second VALUES (1)')
  expect(await failureOf(during(() => server.execute(statement)))).toMatch(
    new RegExp(
      `^mysql-table-changed: The table \`d\`\\.\`second\` was ${what} during the backup: .*Run the backup again`,
    ),
  )
})

test('a database that is dropped before its definitions were read fails the backup by its name', async () => {
  await server.execute('CREATE DATABASE passing', 'CREATE TABLE passing.t (id INT PRIMARY KEY)')
  let dropped = false
  const failure = await failureOf(
    dump(settingsFor(server), {
      concurrency: 1,
      async before() {
        if (dropped) return
        dropped = true
        await server.execute('DROP DATABASE passing')
      },
    }),
  )
  expect(failure).toMatch(/^mysql-database-changed: The database `passing` was dropped during the backup: /)
})

test('a table that is read again and again does not keep an ALTER TABLE of it waiting until the end', async () => {
  await server.execute('CREATE OR REPLACE TABLE d.second (id INT PRIMARY KEY)')
  let waited = 0
  let altered = false
  const failure = await failureOf(
    dump(settingsFor(server), {
      concurrency: 1,
      rangeBytes: 4_000_000,
      async before(artefact) {
        // Between two parts of a table nobody holds it.
        if (altered || artefact.attributes?.table !== 'first' || artefact.attributes.part !== '2') return
        altered = true
        const began = performance.now()
        await server.execute("ALTER TABLE d.first COMMENT = 'x'", "ALTER TABLE d.first COMMENT = ''")
        waited = performance.now() - began
      },
    }),
  )
  expect(altered).toBe(true)
  expect(waited).toBeLessThan(5000)
  // And the change is noticed, even though it was taken back.
  expect(failure).toMatch(/^mysql-table-changed: The table `d`\.`first`/)
})

test('what is created during the backup is not part of it', async () => {
  await server.execute('CREATE OR REPLACE TABLE d.second (id INT PRIMARY KEY)')
  const dumped = await during(() =>
    server.execute('CREATE TABLE d.late (id INT)', 'CREATE DATABASE late', 'CREATE TABLE late.t (id INT)'),
  )
  await using _ = dumped
  expect(dumped.input.files.some(({ name }) => name.includes('late'))).toBe(false)
  await server.execute('DROP TABLE d.late', 'DROP DATABASE late')
})

test('an abort ends the backup soon and releases the server', async () => {
  const abort = new AbortController()
  const dumping = dump(settingsFor(server), {
    signal: abort.signal,
    async onChunk(artefact) {
      if (artefact.role === 'data') abort.abort(new Error('enough'))
    },
  })
  expect(await failureOf(dumping)).toContain('enough')
  await expect.poll(connections, { timeout: 5000 }).toBe(0)
})

async function connections(): Promise<number> {
  const connection = await server.connect()
  const [[row]] = (await connection.query(
    "SELECT COUNT(*) n FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root' AND COMMAND <> 'Daemon'",
  )) as any
  await connection.end()
  return Number(row.n)
}
