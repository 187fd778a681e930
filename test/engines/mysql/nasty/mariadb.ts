import type { Nasty } from './nasty.ts'

/** What only MariaDB has: its types, sequences, system versioning, packages. Runs in `shop`. */
export async function makeMariadb({ release, run, all, numbers }: Nasty): Promise<void> {
  await all(
    'CREATE TABLE uuids (u UUID PRIMARY KEY, i6 INET6, i4 INET4)',
    "INSERT INTO uuids VALUES (UUID(), '2001:db8::ff', '192.0.2.1'), ('00000000-0000-0000-0000-000000000000', NULL, NULL)",
    // Sixteen letters: as bytes without a character set they would be the address itself.
    "INSERT INTO uuids VALUES (UUID(), '2001:db8::1:2:33', '255.255.255.255')",
    'CREATE SEQUENCE tickets START WITH 100 INCREMENT BY 7 CACHE 10 CYCLE MAXVALUE 5000',
    'SELECT NEXTVAL(tickets)',
    'CREATE SEQUENCE went_back START WITH 100',
    'ALTER SEQUENCE went_back RESTART 5',
    'CREATE TABLE numbered (id INT PRIMARY KEY DEFAULT NEXTVAL(tickets), x INT)',
    'INSERT INTO numbered (x) VALUES (1), (2)',
    'CREATE TABLE packed (id INT PRIMARY KEY, t TEXT COMPRESSED, z INT) PAGE_COMPRESSED=1',
    `INSERT INTO packed SELECT seq, REPEAT('compress me ', 100), seq FROM ${numbers(1, 20)}`,
    'CREATE TABLE aria_one (id INT PRIMARY KEY, t TEXT) ENGINE=Aria TRANSACTIONAL=1',
    "INSERT INTO aria_one VALUES (1, 'a')",
  )
  if (release !== 'mariadb-10.11')
    await all(
      'CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, VECTOR INDEX (v))',
      "INSERT INTO vectors VALUES (1, VEC_FromText('[1,2.5,-3e-10]')), (2, VEC_FromText('[0,39,92]'))",
      'CREATE TABLE uca (t VARCHAR(20)) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci',
      "INSERT INTO uca VALUES ('ä😀')",
    )
  await makeHistory({ all })
  await all("SET sql_mode = 'ORACLE'", 'CREATE PACKAGE tools AS FUNCTION one RETURN INT; END')
  await run('CREATE PACKAGE BODY tools AS FUNCTION one RETURN INT AS BEGIN RETURN 1; END; END')
  await all("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
}

/** System-versioned tables: without and with columns of their own for it, in partitions, by transactions, and one that tells only some columns. */
async function makeHistory({ all }: Pick<Nasty, 'all'>): Promise<void> {
  const period =
    'rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START, re TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (rs, re)'
  const transactions = period.replaceAll('TIMESTAMP(6)', 'BIGINT UNSIGNED')
  await all(
    'CREATE TABLE versioned (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING',
    `CREATE TABLE versioned_named (id INT PRIMARY KEY, x INT, ${period}) WITH SYSTEM VERSIONING`,
    'CREATE TABLE versioned_keyless (id INT, x INT WITHOUT SYSTEM VERSIONING, y INT AS (x + 1) VIRTUAL) WITH SYSTEM VERSIONING',
    'CREATE TABLE versioned_parts (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION `before` HISTORY, PARTITION now CURRENT)',
    `CREATE TABLE versioned_transactions (id INT PRIMARY KEY, x INT, ${transactions}) WITH SYSTEM VERSIONING`,
  )
  for (const suffix of ['', '_named', '_keyless', '_parts', '_transactions']) {
    const table = `versioned${suffix}`
    await all(
      `INSERT INTO ${table} (id, x) VALUES (1, 1), (2, 2), (3, 3)`,
      `UPDATE ${table} SET x = 10 WHERE id = 1`,
      `UPDATE ${table} SET x = 11 WHERE id = 1`,
      `DELETE FROM ${table} WHERE id = 2`,
    )
  }
  // States that never were the current one: made and changed in the same moment.
  await all(
    'SET timestamp = 1700000000.5',
    'INSERT INTO versioned VALUES (4, 1), (5, 1)',
    'UPDATE versioned SET x = 2 WHERE id = 4',
    'DELETE FROM versioned WHERE id = 5',
    'SET timestamp = DEFAULT',
  )
}

export async function makeMariadbAccounts({ all }: Nasty): Promise<void> {
  await all(
    "CREATE USER app@'%' IDENTIFIED BY 'se''cret' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5",
    "CREATE USER 'o''dd`'@'10.0.0.0/255.0.0.0' IDENTIFIED VIA mysql_native_password USING '*B69027D44F6E5EDC07F1AEAD1477967B16F28227' ACCOUNT LOCK PASSWORD EXPIRE NEVER",
    'CREATE USER nopassword@localhost',
    "CREATE USER two@'%' IDENTIFIED VIA unix_socket OR mysql_native_password USING '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'",
    "CREATE USER limited@'%' WITH MAX_QUERIES_PER_HOUR 10 MAX_STATEMENT_TIME 5 PASSWORD EXPIRE INTERVAL 30 DAY",
    'CREATE ROLE reader',
    'CREATE ROLE writer WITH ADMIN app@`%`',
    'CREATE ROLE boss',
    'GRANT SELECT ON shop.* TO reader',
    'GRANT INSERT, UPDATE (u), SELECT (id, u) ON shop.texts TO app@`%`',
    'GRANT EXECUTE ON PROCEDURE shop.fill TO app@`%`',
    'GRANT reader TO boss',
    'GRANT boss TO app@`%`',
    "GRANT SELECT ON *.* TO 'o''dd`'@'10.0.0.0/255.0.0.0' WITH GRANT OPTION",
    'GRANT ALL ON `nul`.* TO nopassword@localhost',
    'SET DEFAULT ROLE boss FOR app@`%`',
    'GRANT SELECT ON shop.empty_one TO PUBLIC',
    "CREATE SERVER elsewhere FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', USER 'o''dd', PASSWORD 'se\"cret', PORT 3307, DATABASE 'shop')",
  )
}
