import { randomBytes } from 'node:crypto'
import { awkward, isMysql, type Nasty } from './nasty.ts'

/** Large enough to be cut into ranges, with keys of all kinds; and rows of awkward lengths. */
export async function makeLarge(nasty: Nasty): Promise<void> {
  const { run, all, numbers } = nasty
  await all('CREATE DATABASE large', 'USE large', "SET time_zone = '+00:00'")
  const pad = "REPEAT('some text that is long enough ', 8)"
  await all(
    'CREATE TABLE gaps (id INT PRIMARY KEY AUTO_INCREMENT, pad TEXT)',
    `INSERT INTO gaps SELECT seq, ${pad} FROM ${numbers(1, 3000)}`,
    `INSERT INTO gaps SELECT seq * 1000 + 2000000000, ${pad} FROM ${numbers(1, 3000)}`,
    'CREATE TABLE big_unsigned (id BIGINT UNSIGNED PRIMARY KEY, pad TEXT)',
    `INSERT INTO big_unsigned SELECT 18446744073709551615 - seq * 1000000007, ${pad} FROM ${numbers(0, 5000)}`,
    'CREATE TABLE negative (id INT PRIMARY KEY, pad TEXT)',
    `INSERT INTO negative SELECT CAST(seq AS SIGNED) - 2500, ${pad} FROM ${numbers(0, 5000)}`,
    'CREATE TABLE composite (a VARCHAR(20), b DATETIME(3), c DECIMAL(10,2), pad TEXT, PRIMARY KEY (a, b, c))',
    `INSERT INTO composite SELECT CONCAT('it''s ', seq % 7), '2026-01-01' + INTERVAL seq % 100 SECOND, seq / 100, ${pad} FROM ${numbers(0, 5000)}`,
    'CREATE TABLE strings (k VARCHAR(80) CHARACTER SET latin1 PRIMARY KEY, pad TEXT)',
    `INSERT INTO strings SELECT CONCAT('Ä\\\\', SHA2(seq, 256)), ${pad} FROM ${numbers(0, 5000)}`,
    'CREATE TABLE binaries (k BINARY(20) PRIMARY KEY, pad TEXT)',
    `INSERT INTO binaries SELECT UNHEX(LEFT(SHA2(seq, 256), 40)), ${pad} FROM ${numbers(0, 5000)}`,
    'CREATE TABLE unique_only (a INT NOT NULL, b INT NOT NULL, pad TEXT, UNIQUE KEY ab (a, b))',
    `INSERT INTO unique_only SELECT seq % 3, seq, ${pad} FROM ${numbers(0, 5000)}`,
    'CREATE TABLE keyless (a INT, pad TEXT)',
    `INSERT INTO keyless SELECT seq, ${pad} FROM ${numbers(0, 5000)}`,
    'CREATE TABLE big_rows (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT)',
  )
  await run('INSERT INTO big_rows VALUES (1, ?, ?), (2, NULL, ?)', [
    randomBytes(20_000_000),
    `${awkward}ü`.repeat(3000),
    'x',
  ])
  // Rows that end exactly where a packet does (16 MiB - 1 of payload), and one byte to either side; and around the size of a big row.
  for (const [id, length] of [
    [3, 16_777_204],
    [4, 16_777_205],
    [5, 16_777_206],
    [6, 65_524],
    [7, 65_525],
    [8, 65_526],
    [9, 65_536],
  ])
    await run('INSERT INTO big_rows VALUES (?, REPEAT(?, ?), ?)', [id, id === 4 ? "'" : 'x', length, 'end'])
  const tables = ['gaps', 'big_unsigned', 'negative', 'composite', 'strings', 'binaries', 'unique_only', 'keyless']
  if (!isMysql(nasty)) {
    await all(
      'CREATE TABLE uuid_keys (k UUID PRIMARY KEY, pad TEXT)',
      `INSERT INTO uuid_keys SELECT UUID(), ${pad} FROM ${numbers(0, 3000)}`,
    )
    tables.push('uuid_keys')
  }
  await all(`ANALYZE TABLE ${tables.join(', ')}`)
}
