import { expect, test } from 'vitest'
import type { Row, Server } from '../../../uploader/engines/mysql/connection/server.ts'
import type { Inventory } from '../../../uploader/engines/mysql/inventory.ts'
import { instanceLock } from '../../../uploader/engines/mysql/moment/locks.ts'
import type { Taking, Way } from '../../../uploader/engines/mysql/moment/moment.ts'
import { optimistic, single } from '../../../uploader/engines/mysql/moment/without-locks.ts'
import { Choice } from '../../../uploader/engines/mysql/selection/pattern.ts'
import { Selection } from '../../../uploader/engines/mysql/selection/selection.ts'
import { ServerError } from '../../../uploader/engines/mysql/wire/server-error.ts'

/** A script of what a MySQL server answers: it refuses exactly what a test says, at the statement that the test says. */
class Scripted {
  readonly asked: string[] = []
  readonly #refused: (sql: string) => number | undefined

  constructor(refused: (sql: string) => number | undefined = () => undefined) {
    this.#refused = refused
  }

  async query(sql: string): Promise<Row[]> {
    this.asked.push(sql)
    const errno = this.#refused(sql)
    if (errno !== undefined) throw new ServerError(errno, 'HY000', 'refused by the script')
    return []
  }

  async one(sql: string): Promise<Record<string, string | null> | undefined> {
    await this.query(sql)
    if (sql.includes('PROCESSLIST')) return { n: '0' }
    if (sql.includes('LOG STATUS')) return { File: 'binlog.000007', Position: '4711' }
    if (sql.includes('gtid_executed')) return { gtid: '' }
    return { time: '2026-11-22T10:15:00.000000Z' }
  }

  async end(): Promise<void> {}
}

const inventory = { flavour: 'mysql', release: 80_400, logBase: 'binlog', rights: ['ALL PRIVILEGES'] } as Inventory

async function takenBy(way: Way, control: Scripted) {
  const readers = [new Scripted(), new Scripted()]
  const warnings: string[] = []
  const taking: Taking = {
    inventory,
    selection: new Selection(Choice.parse({}), 0),
    control: control as unknown as Server,
    readers: readers as unknown as Server[],
    signal: new AbortController().signal,
    warn: code => warnings.push(code),
    sleep: async () => {},
  }
  return { moment: await way(taking), readers, warnings }
}

test('that the end of MySQL’s binary log did not move is not taken for one moment of all readers', async () => {
  const { moment, readers } = await takenBy(optimistic, new Scripted())
  expect(moment).toBeUndefined()
  expect(readers.flatMap(({ asked }) => asked)).toEqual([])
})

test('MySQL read by one connection names no position of the log, which may hold what the snapshot does not see', async () => {
  const { moment } = await takenBy(single, new Scripted())
  expect(moment).toMatchObject({ mode: 'single', log: null, gtid: null })
})

test('an instance lock that a long ALTER keeps from being granted is given up, not waited for without end', async () => {
  const control = new Scripted(sql => (sql === 'LOCK INSTANCE FOR BACKUP' ? 1205 : undefined))
  const { moment, warnings } = await takenBy(instanceLock, control)
  expect(moment).toBeUndefined()
  expect(warnings).toEqual(['moment-lock-not-granted'])
  const [limit, lock] = ['SET SESSION lock_wait_timeout = 5', 'LOCK INSTANCE FOR BACKUP'].map(sql =>
    control.asked.indexOf(sql),
  )
  expect(limit).toBeGreaterThanOrEqual(0)
  expect(lock).toBeGreaterThan(limit!)
})

test('the instance lock is let go where the read lock is refused, and kept where the moment was taken', async () => {
  const refused = new Scripted(sql => (sql === 'FLUSH TABLES WITH READ LOCK' ? 1227 : undefined))
  expect((await takenBy(instanceLock, refused)).moment).toBeUndefined()
  expect(refused.asked.filter(sql => /INSTANCE/.test(sql))).toEqual(['LOCK INSTANCE FOR BACKUP', 'UNLOCK INSTANCE'])
  const granted = new Scripted()
  const { moment } = await takenBy(instanceLock, granted)
  expect(moment).toMatchObject({ mode: 'instance-lock', log: { file: 'binlog.000007', offset: '4711' } })
  expect(granted.asked).toContain('UNLOCK TABLES')
  expect(granted.asked).not.toContain('UNLOCK INSTANCE')
})
