import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Server } from '../../../uploader/engines/mysql/connection/server.ts'
import { Loader } from '../../../uploader/engines/mysql/restore/load.ts'
import { Script } from '../../../uploader/engines/mysql/sql/script.ts'
import { type Database, startDatabase } from '../../support/database.ts'

let target: Database
let directory: string

beforeAll(async () => {
  target = await startDatabase({ options: { innodb_lock_wait_timeout: '1', innodb_status_output: 'OFF' } })
  directory = await mkdtemp(join(tmpdir(), 'failsafe-load-'))
})
beforeEach(() =>
  target.execute(
    'CREATE OR REPLACE DATABASE shop',
    'CREATE TABLE shop.t (id INT PRIMARY KEY, v LONGTEXT) ENGINE=InnoDB',
  ),
)
afterAll(async () => {
  await target?.stop()
  await rm(directory, { recursive: true, force: true })
})

async function load(statement: string): Promise<string[]> {
  const path = join(directory, 'rows.sql')
  await writeFile(path, new Script('rows').add(statement).bytes())
  const address = { host: '127.0.0.1', port: target.port }
  const server = await Server.connect(
    { address, user: 'root', password: undefined, tls: undefined },
    new AbortController().signal,
  )
  const warnings: string[] = []
  try {
    const loader = new Loader(
      server,
      (code, message) => warnings.push(`${code}: ${message}`),
      () => {},
    )
    const { size } = await stat(path)
    await loader.load(
      {
        name: 'shop.t.00000.sql',
        path,
        stage: 'rows',
        size,
        database: 'shop',
        table: 't',
        statements: 1,
        rows: 2,
        largestStatement: 0,
      },
      () => false,
    )
  } finally {
    await server.end()
  }
  return warnings
}

/** Until a statement of the loader waits for a lock. */
async function waits(): Promise<void> {
  const connection = await target.connect()
  try {
    for (;;) {
      const [rows] = (await connection.query(
        "SELECT COUNT(*) AS waiting FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
      )) as any
      if (rows[0].waiting > 0) return
      await sleep(200) // the server refreshes this table only after 100 ms of nobody's reading it
    }
  } finally {
    await connection.end()
  }
}

async function ids(): Promise<number[]> {
  const connection = await target.connect()
  try {
    const [rows] = (await connection.query('SELECT id FROM shop.t WHERE id < 100 ORDER BY id')) as any
    return rows.map(({ id }: { id: number }) => id)
  } finally {
    await connection.end()
  }
}

// A statement as long as the second one is read from its file piece by piece, and again for the second attempt.
test.each([
  ['a short statement', 1],
  ['a statement longer than the buffer', 3_000_000],
])('%s that the server takes back in a deadlock is run again, and its rows are there once', async (_, length) => {
  await using other = await target.connect()
  await other.query('BEGIN')
  // The heavier transaction stays, so that the loader's is the one that is taken back.
  await other.query('INSERT INTO shop.t SELECT seq, NULL FROM shop.seq_1000_to_20000')
  await other.query('INSERT INTO shop.t VALUES (2, NULL)')
  const loaded = load(`INSERT INTO shop.t VALUES (1,REPEAT('x',1)),(2,'${'y'.repeat(length)}')`)
  await waits()
  await other.query('INSERT INTO shop.t VALUES (1, NULL)')
  await other.query('ROLLBACK')
  expect(await loaded).toEqual([])
  expect(await ids()).toEqual([1, 2])
})

test('a statement that waited too long for a lock is run again', async () => {
  await using other = await target.connect()
  await other.query('BEGIN')
  await other.query('INSERT INTO shop.t VALUES (2, NULL)')
  const loaded = load("INSERT INTO shop.t VALUES (1,'x'),(2,'y')")
  await waits()
  await sleep(2500)
  await other.query('ROLLBACK')
  expect(await loaded).toEqual([])
  expect(await ids()).toEqual([1, 2])
})
