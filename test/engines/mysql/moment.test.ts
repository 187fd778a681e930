import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareReading } from '../../../uploader/engines/mysql/connection/prepare.ts'
import { Server } from '../../../uploader/engines/mysql/connection/server.ts'
import { inspectServer } from '../../../uploader/engines/mysql/inspect.ts'
import { backupStage, globalReadLock, tableLocks } from '../../../uploader/engines/mysql/moment/locks.ts'
import type { Moment, Way } from '../../../uploader/engines/mysql/moment/moment.ts'
import { openSnapshot, snapshotLogState } from '../../../uploader/engines/mysql/moment/snapshot.ts'
import { takeMoment } from '../../../uploader/engines/mysql/moment/take.ts'
import { single } from '../../../uploader/engines/mysql/moment/without-locks.ts'
import { Choice } from '../../../uploader/engines/mysql/selection/pattern.ts'
import { Selection } from '../../../uploader/engines/mysql/selection/selection.ts'
import { times } from '../../support/counts.ts'
import { type Database, startDatabase } from '../../support/database.ts'

let logging: Database
let silent: Database
beforeAll(async () => {
  ;[logging, silent] = await Promise.all([startDatabase({ options: { log_bin: 'mylog' } }), startDatabase()])
  for (const server of [logging, silent])
    await server.execute(
      'CREATE DATABASE bank',
      'CREATE TABLE bank.accounts (id INT PRIMARY KEY, amount BIGINT)',
      'INSERT INTO bank.accounts SELECT seq, 100 FROM bank.seq_1_to_50',
      'CREATE TABLE bank.journal (id BIGINT AUTO_INCREMENT PRIMARY KEY, amount INT)',
      ...grantsOf('reader', 'SELECT'),
      ...grantsOf('locker', 'SELECT, LOCK TABLES'),
      ...grantsOf('reloader', 'SELECT, RELOAD'),
    )
})
afterAll(() => Promise.all([logging?.stop(), silent?.stop()]))

function grantsOf(user: string, rights: string): string[] {
  return [`CREATE USER ${user}@'%'`, `GRANT ${rights} ON *.* TO ${user}@'%'`]
}

/** Moves money, two accounts and a line of the journal in one transaction, until it is stopped. */
function transfers(server: Database, pause = 0) {
  let running = true
  let count = 0
  const writers = [1, 2].map(async n => {
    const connection = await server.connect('bank')
    while (running) {
      const [a, b] = [1 + ((count * 7) % 50), 1 + ((count * 11 + n) % 50)].sort((x, y) => x - y)
      await connection.beginTransaction()
      await connection.query(`UPDATE accounts SET amount = amount - 1 WHERE id = ${a}`)
      await connection.query(`UPDATE accounts SET amount = amount + 1 WHERE id = ${b}`)
      await connection.query('INSERT INTO journal (amount) VALUES (1)')
      await connection.commit()
      count++
      if (pause > 0) await sleep(pause)
    }
    await connection.end()
  })
  return {
    async stop() {
      running = false
      await Promise.all(writers)
      return count
    },
  }
}

const everything = new Selection(Choice.parse({}), 0)

async function taking<T>(
  server: Database,
  user: string,
  way: Way | 'any',
  use: (moment: Moment | undefined, warnings: string[]) => Promise<T>,
  selection = everything,
  prepare: (readers: Server[]) => void = () => {},
) {
  const signal = new AbortController().signal
  const login = { address: { host: '127.0.0.1', port: server.port }, user, password: undefined, tls: undefined }
  const servers = await Promise.all(Array.from({ length: 4 }, () => Server.connect(login, signal)))
  const warnings: string[] = []
  try {
    const [control, ...readers] = servers
    const inventory = await inspectServer(control!)
    for (const reader of readers) await prepareReading(reader, inventory.flavour)
    prepare(readers)
    const asked = {
      inventory,
      selection,
      control: control!,
      readers,
      signal,
      warn: (code: string) => warnings.push(code),
      sleep: (milliseconds: number) => sleep(milliseconds),
    }
    return await use(way === 'any' ? await takeMoment(asked) : await way(asked), warnings)
  } finally {
    await Promise.all(servers.map(one => one.end()))
  }
}

/** What each reader sees: the sum must be 5000 in each, and the journal as long in all of them. */
async function seen(moment: Moment): Promise<string[]> {
  const all: string[] = []
  for (const reader of moment.readers) {
    await sleep(20)
    const sum = await reader.one('SELECT SUM(amount) s FROM bank.accounts')
    const journal = await reader.one('SELECT COUNT(*) n, COALESCE(MAX(id), 0) m FROM bank.journal')
    all.push(`${sum!.s} ${journal!.n} ${journal!.m}`)
  }
  return all
}

test.each([
  ['backup-stage', () => logging, 'root', backupStage],
  ['global-read-lock', () => logging, 'root', globalReadLock],
  ['global-read-lock', () => silent, 'reloader', globalReadLock],
  ['table-locks', () => silent, 'locker', tableLocks],
  ['table-locks', () => logging, 'locker', tableLocks],
] as [string, () => Database, string, Way][])(
  'all readers see one moment while others write: %s',
  async (mode, server, user, way) => {
    const writers = transfers(server())
    try {
      for (let round = 0; round < 5; round++)
        await taking(server(), user, way, async moment => {
          expect(moment?.mode).toBe(mode)
          const views = await seen(moment!)
          expect(views[0]).toMatch(/^5000 /)
          expect(new Set(views).size).toBe(1)
        })
    } finally {
      expect(await writers.stop()).toBeGreaterThan(10)
    }
  },
)

test('an account that may only read gets a moment without any lock, when a pause between writes allows it', async () => {
  const writers = transfers(logging, 300)
  try {
    await taking(logging, 'reader', 'any', async moment => {
      expect(moment!.mode).toBe('optimistic')
      const views = await seen(moment!)
      expect(views[0]).toMatch(/^5000 /)
      expect(new Set(views).size).toBe(1)
      expect(moment!.log?.file).toBe('mylog.000001')
    })
  } finally {
    await writers.stop()
  }
})

test('one connection alone sees its own moment, at an exact position of the log', async () => {
  const writers = transfers(logging)
  try {
    await taking(logging, 'reader', single, async moment => {
      expect(moment!.readers).toHaveLength(1)
      expect((await seen(moment!))[0]).toMatch(/^5000 /)
      expect(moment!.log).not.toBeNull()
    })
  } finally {
    await writers.stop()
  }
})

test.each([
  ['root', 'backup-stage', []],
  ['reloader', 'backup-stage', []],
  ['locker', 'table-locks', []],
  ['reader', 'single', ['one-connection']],
])('without a binary log the rights of %s lead to %s', async (user, mode, expected) => {
  await taking(silent, user, 'any', async (moment, warnings) => {
    expect(moment).toMatchObject({ mode, log: null, gtid: null })
    expect(warnings).toEqual(expected)
  })
})

test('a lock that a long transaction keeps from being granted is given up soon, and another way is taken', async () => {
  const blocker = await silent.connect('bank')
  await blocker.query('BEGIN')
  await blocker.query('UPDATE accounts SET amount = amount WHERE id = 1')
  try {
    const began = performance.now()
    await taking(silent, 'locker', 'any', async (moment, warnings) => {
      expect(moment!.mode).toBe('single')
      expect(warnings).toEqual(['moment-lock-not-granted', 'one-connection'])
    })
    expect(performance.now() - began).toBeLessThan(50_000)
  } finally {
    await blocker.query('ROLLBACK')
    await blocker.end()
  }
}, 90_000)

test('locks of tables are asked for what is chosen only, and others may write meanwhile', async () => {
  const chosen = new Selection(Choice.parse({ include: ['bank'] }), 0)
  await logging.execute('CREATE DATABASE noise', 'CREATE TABLE noise.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)')
  await logging.execute('INSERT INTO noise.t VALUES (1, 1)')
  const blocker = await logging.connect('noise')
  await blocker.query('BEGIN')
  await blocker.query('UPDATE t SET v = 2 WHERE id = 1')
  let writing = true
  const writer = await logging.connect('noise')
  const writes = (async () => {
    while (writing) await writer.query('INSERT INTO t (v) VALUES (1)')
  })()
  try {
    for (let round = 0; round < 10; round++)
      await taking(
        logging,
        'locker',
        round % 2 === 0 ? tableLocks : 'any',
        async (moment, warnings) => {
          expect(moment!.mode).toMatch(round % 2 === 0 ? /^table-locks$/ : /^(table-locks|optimistic)$/)
          expect(warnings).toEqual([])
          expect(moment!.tables.map(({ database }) => database)).not.toContain('noise')
          expect((await seen(moment!))[0]).toMatch(/^5000 /)
        },
        chosen,
      )
  } finally {
    writing = false
    await writes
    await Promise.all([writer.end(), blocker.end()])
    await logging.execute('DROP DATABASE noise')
  }
})

test('each reader is told its own position, whoever else asks for the status of the server', async () => {
  const asking = await Promise.all([logging.connect(), logging.connect(), logging.connect()])
  const writers = transfers(logging)
  let busy = true
  const questions = asking.map(async connection => {
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    while (busy) await connection.query("SHOW STATUS LIKE 'binlog_snapshot_%'")
  })
  try {
    const login = {
      address: { host: '127.0.0.1', port: logging.port },
      user: 'root',
      password: undefined,
      tls: undefined,
    }
    const reader = await Server.connect(login, new AbortController().signal)
    await openSnapshot(reader)
    const told = new Set<string>()
    for (let look = 0; look < times(300); look++) told.add(JSON.stringify(await snapshotLogState(reader)))
    expect([...told]).toHaveLength(1)
    await reader.end()
  } finally {
    busy = false
    await Promise.all(questions)
    await Promise.all(asking.map(connection => connection.end()))
    await writers.stop()
  }
})

test('nothing stays locked once the moment is taken', async () => {
  await taking(logging, 'root', 'any', async moment => {
    const connection = await logging.connect('bank')
    await connection.query('SET lock_wait_timeout = 2')
    await connection.query('UPDATE accounts SET amount = amount WHERE id = 1')
    await connection.query('CREATE TABLE ddl_works (id INT)')
    await connection.query('DROP TABLE ddl_works')
    await connection.end()
    await moment!.release()
  })
})

describe('readers that see different positions of the log', () => {
  /** Another position than the server says for the first snapshots that this reader opens. */
  function mislead(reader: Server, snapshots: number): void {
    const query = reader.query.bind(reader)
    let opened = 0
    reader.query = async (...parameters) => {
      if (parameters[0].startsWith('START TRANSACTION')) opened++
      const rows = await query(...parameters)
      if (opened > snapshots) return rows
      return rows.map(row =>
        row.Variable_name?.toString() === 'Binlog_snapshot_position' ? { ...row, Value: Buffer.from('4') } : row,
      )
    }
  }

  test('are opened anew, because MariaDB itself writes a checkpoint some time after a log was rotated', async () => {
    await taking(
      logging,
      'reloader',
      'any',
      async moment => expect(await seen(moment!)).toHaveLength(3),
      everything,
      readers => mislead(readers[1]!, 3),
    )
  })

  test('time after time are not of one server, and the backup is refused', async () => {
    await expect(
      taking(
        logging,
        'reloader',
        'any',
        async () => {},
        everything,
        readers => mislead(readers[1]!, Number.POSITIVE_INFINITY),
      ),
    ).rejects.toMatchObject({ code: 'mysql-moments-differ', retriable: true })
  })
})
