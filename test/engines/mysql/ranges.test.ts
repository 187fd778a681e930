import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, startDatabase } from '../../support/database.ts'
import { type Dumped, dump, settingsFor } from './harness.ts'

let server: Database
beforeAll(async () => {
  server = await startDatabase()
  await server.execute(
    'CREATE DATABASE d',
    'USE d',
    'CREATE TABLE tenants (tenant INT, item BIGINT UNSIGNED, t VARCHAR(200), PRIMARY KEY (tenant, item))',
    // One tenant has nearly everything, as tables with such keys go.
    "INSERT INTO tenants SELECT 7, seq * 1000003, REPEAT('x', 150) FROM seq_1_to_40000",
    "INSERT INTO tenants SELECT seq, 18446744073709551615, REPEAT('y', 150) FROM seq_8_to_2000",
    'INSERT INTO tenants VALUES (-5, 0, NULL), (7, 0, NULL), (7, 18446744073709551615, NULL)',
    'ANALYZE TABLE tenants',
    'CREATE TABLE ignored (a INT NOT NULL, b INT NOT NULL, t CHAR(200), UNIQUE z_first (a), UNIQUE a_second (b))',
    "INSERT INTO ignored SELECT seq, seq, REPEAT('z', 200) FROM seq_1_to_9000",
    'ALTER TABLE ignored ALTER INDEX a_second IGNORED',
    'ANALYZE TABLE ignored',
  )
})
afterAll(() => server?.stop())

test('a table whose first key column has one huge value is cut inside that value too, and no row is lost or doubled', async () => {
  await using dumped = await dump(settingsFor(server), { rangeBytes: 500_000 })
  const parts = partsOf(dumped, 'tenants')
  expect(parts.length).toBeGreaterThan(10)
  expect(parts.reduce((sum, rows) => sum + rows, 0)).toBe(40_000 + 1993 + 3)
  expect(Math.max(...parts)).toBeLessThan(42_000 / 5)
})

test('a table is not cut by an index that its server was told to ignore', async () => {
  await using dumped = await dump(settingsFor(server), { rangeBytes: 500_000 })
  const parts = partsOf(dumped, 'ignored')
  expect(parts.length).toBeGreaterThan(2)
  expect(parts.reduce((sum, rows) => sum + rows, 0)).toBe(9000)
})

function partsOf({ input }: Dumped, table: string): number[] {
  return input.files
    .filter(({ role, attributes }) => role === 'data' && attributes.table === table)
    .map(({ attributes }) => Number(attributes.rows))
}
