import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runbook } from '../../../uploader/engines/mysql/restore/runbook.ts'
import { compareServers } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { run } from '../../support/run.ts'
import { type Dumped, dump, settingsFor } from './harness.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']
const isMysql = (release: Release) => release.startsWith('mysql')

/** The commands of RESTORE.md for myloader, word for word but for how the server is reached. */
async function followRunbook(target: Database, dumped: Dumped) {
  const [client, myloader] = [...runbook(dumped.input).matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!)
  const functions = client!
    .slice(0, client!.indexOf('\n\n'))
    .replace('"mariadb ', `"mariadb --no-defaults --socket=${target.socket} --user=root `)
  const commands = myloader!.replace(
    '--host 127.0.0.1 --user root --ask-password',
    `--socket ${target.socket} --user root`,
  )
  return run('sh', ['-c', `${functions}\n${commands}`], { cwd: dumped.directory })
}

/** Present and former states of rows, with their times. */
async function statesOf(server: Database): Promise<unknown> {
  const connection = await server.connect()
  const [rows] = await connection.query(
    'SELECT *, row_start, row_end FROM shop.prices FOR SYSTEM_TIME ALL ORDER BY row_start',
  )
  await connection.end()
  expect(rows).toHaveLength(2)
  return rows
}

describe.each(releases)('%s', release => {
  let source: Database
  let target: Database
  beforeAll(async () => {
    const able = { max_allowed_packet: '1G', ...(isMysql(release) && { partial_revokes: 'ON' }) }
    source = await startDatabase({ release, options: { ...able, log_bin: 'binlog' } })
    target = await startDatabase({ release, options: able })
  })
  afterAll(async () => {
    await target?.stop()
    await source?.stop()
  })

  test('the commands of RESTORE.md for myloader bring an ordinary server back whole', async () => {
    await source.execute(
      'CREATE DATABASE shop COLLATE utf8mb4_general_ci',
      'USE shop',
      ...(isMysql(release)
        ? []
        : [
            'CREATE TABLE prices (id INT PRIMARY KEY, price INT) WITH SYSTEM VERSIONING',
            'INSERT INTO prices VALUES (1, 10)',
            'UPDATE prices SET price = 11',
            'CREATE SEQUENCE numbers START WITH 7',
            'CREATE TABLE numbered (id BIGINT DEFAULT NEXTVAL(numbers) PRIMARY KEY)',
          ]),
      'CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(50), photo BLOB)',
      "INSERT INTO customers VALUES (1, 'Zoë; \\n', 0x00FF0A3B0A), (2, NULL, NULL)",
      'CREATE TABLE `order-lines` (customer INT, note VARCHAR(50), FOREIGN KEY (customer) REFERENCES customers (id))',
      "INSERT INTO `order-lines` VALUES (1, 'a')",
      'CREATE TABLE `$ odd.` (id INT PRIMARY KEY)',
      "CREATE FUNCTION shout(t VARCHAR(50)) RETURNS VARCHAR(60) DETERMINISTIC BEGIN\n  -- it's loud; very\n  RETURN CONCAT(t, ';!');\nEND",
      "CREATE PROCEDURE fill(n INT) BEGIN\n  WHILE n > 0 DO\n    INSERT INTO `order-lines` VALUES (1, 'x');\n    SET n = n - 1;\n  END WHILE;\nEND",
      'CREATE VIEW z_named AS SELECT id, name FROM customers WHERE name IS NOT NULL',
      'CREATE VIEW a_writable AS SELECT * FROM z_named WHERE id > 0 WITH CASCADED CHECK OPTION',
      // Its text names the one that needs it.
      'CREATE VIEW a_says AS SELECT "`shop`.`b_hears`" AS text',
      'CREATE VIEW b_hears AS SELECT * FROM a_says',
      'CREATE VIEW loud AS SELECT shout(name) AS name FROM a_writable',
      'CREATE TRIGGER trims BEFORE INSERT ON customers FOR EACH ROW BEGIN\n  SET NEW.name = TRIM(NEW.name);\nEND',
      "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 03:00:00' DO BEGIN\n  DELETE FROM `order-lines`;\nEND",
      'CREATE DATABASE reports_2',
      'CREATE VIEW reports_2.all_of_them AS SELECT * FROM shop.a_writable',
      'CREATE TABLE reports_2.t (id INT)',
      'CREATE DATABASE `größe` COLLATE utf8mb4_bin',
      'USE `größe`',
      'CREATE TABLE `maß` (id INT)',
      'INSERT INTO `maß` VALUES (1)',
      'CREATE TABLE t (id INT)',
      'SET NAMES latin1',
      'CREATE TRIGGER latin BEFORE INSERT ON t FOR EACH ROW SET @x = 1',
      'CREATE TRIGGER latin_too AFTER INSERT ON t FOR EACH ROW SET @x = 1',
      'CREATE PROCEDURE latin() SELECT 1',
      'CREATE EVENT latin ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1',
      'CREATE VIEW latin_view AS SELECT id FROM t',
      'SET NAMES utf8mb4',
      'ALTER DATABASE `größe` COLLATE utf8mb4_general_ci',
      "CREATE USER app@'%' IDENTIFIED BY 'secret'",
      "GRANT SELECT, EXECUTE ON shop.* TO app@'%'",
    )
    await using dumped = await dump(settingsFor(source))
    const result = await followRunbook(target, dumped)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(await compareServers(source, target)).toEqual([])
    if (!isMysql(release)) expect(await statesOf(target)).toEqual(await statesOf(source))
  })

  test('the metadata names the place in the binary log as mydumper does', async () => {
    await source.execute('CREATE DATABASE IF NOT EXISTS shop')
    await using dumped = await dump(settingsFor(source))
    const { logFile, logOffset, gtid } = dumped.units[0]!.info!
    const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d'
    expect(await readFile(join(dumped.directory, 'metadata'), 'utf8')).toMatch(
      new RegExp(
        `^# Started dump at: ${time}\\n[^]*\\n\\[source\\]\\nFile = ${logFile}\\nPosition = ${logOffset}\\nExecuted_Gtid_Set = ${gtid ?? ''}\\n\\n# Finished dump at: ${time}\\n$`,
      ),
    )
  })
})
