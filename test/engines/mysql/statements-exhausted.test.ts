import { expect, test } from 'vitest'
import { startDatabase } from '../../support/database.ts'
import { dump, failureOf, settingsFor } from './harness.ts'

test('a server that prepares no more statements is not backed up in part: it is said, and goes on once there is room', async () => {
  const server = await startDatabase({ options: { log_bin: 'binlog' } })
  try {
    await server.execute(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.orders (id INT PRIMARY KEY)',
      'INSERT INTO shop.orders SELECT seq FROM shop.seq_1_to_10',
      'SET GLOBAL max_prepared_stmt_count = 0',
    )
    expect(await failureOf(dump(settingsFor(server)))).toMatch(
      /^mysql-statements-exhausted: The server prepares no more statements: Can't create more than max_prepared_stmt_count.*Raise max_prepared_stmt_count/,
    )
    await server.execute('SET GLOBAL max_prepared_stmt_count = 3')
    // Three readers at most, and each closes what it has read: there are more tables than statements.
    for (let table = 0; table < 12; table++) await server.execute(`CREATE TABLE shop.t${table} (id INT)`)
    await using dumped = await dump(settingsFor(server))
    expect(dumped.input.files.filter(({ role }) => role === 'data')).toHaveLength(13)
  } finally {
    await server.stop()
  }
})
