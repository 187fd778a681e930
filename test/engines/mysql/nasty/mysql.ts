import type { Nasty } from './nasty.ts'

/** What only MySQL has: its JSON, spatial reference systems, vectors, invisible keys, functional indexes, libraries, views of other kinds. Runs in `shop`. */
export async function makeMysql({ run, all, numbers }: Nasty): Promise<void> {
  await all(
    'CREATE TABLE documents (id INT PRIMARY KEY, j JSON, n JSON, KEY parts ((CAST(j->"$.tags" AS CHAR(20) ARRAY))))',
  )
  await run('INSERT INTO documents VALUES (1, ?, NULL), (2, ?, ?), (3, ?, ?)', [
    '{"a": [1, 2.50, "x\\"y\\\\", null], "ü😀": "line\\nend", "tags": ["a", "b"], "big": 18446744073709551615, "d": 1e300}',
    '[]',
    'null',
    '"text"',
    '-0.0',
  ])
  await all(
    // Values of types that only a function can make.
    `INSERT INTO documents VALUES (4, JSON_OBJECT('d', CAST('2026-11-22' AS DATE), 't', CAST('10:15:00.5' AS TIME(1)), 'b', CAST(_binary 0x00FF27 AS BINARY(3))), NULL)`,
    'CREATE TABLE earth (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, c GEOMETRYCOLLECTION, SPATIAL INDEX (p))',
    "INSERT INTO earth VALUES (1, ST_GeomFromText('POINT(39 92)', 4326), ST_GeomFromText('GEOMETRYCOLLECTION EMPTY'))",
    'CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3), w VECTOR)',
    "INSERT INTO vectors VALUES (1, TO_VECTOR('[1,2.5,-3e-10]'), TO_VECTOR('[0]')), (2, NULL, NULL)",
    'SET SESSION sql_generate_invisible_primary_key = ON',
    'CREATE TABLE given_a_key (x INT)',
    'SET SESSION sql_generate_invisible_primary_key = OFF',
    'INSERT INTO given_a_key VALUES (7), (7), (NULL)',
    'DELETE FROM given_a_key WHERE my_row_id = 2',
    'CREATE TABLE indexes (a INT, b VARCHAR(50), c INT, KEY f ((a + c)), KEY d (a DESC), KEY hidden (c) INVISIBLE, CONSTRAINT soft CHECK (a > 100) NOT ENFORCED)',
    "INSERT INTO indexes VALUES (1, 'x', 2)",
    'CREATE TABLE packed (id INT PRIMARY KEY, t TEXT) COMPRESSION="zlib"',
    `INSERT INTO packed SELECT seq, REPEAT('compress me ', 100) FROM ${numbers(1, 20)}`,
    "CREATE TABLESPACE `ta``ble;space` ADD DATAFILE 'elsewhere.ibd'",
    'CREATE TABLE spaced (id INT PRIMARY KEY) TABLESPACE `ta``ble;space`',
    'INSERT INTO spaced VALUES (1)',
    'ANALYZE TABLE indexes UPDATE HISTOGRAM ON b',
    'CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(50))',
    "INSERT INTO person VALUES (1, 'Zoë'), (2, NULL)",
    "CREATE JSON RELATIONAL DUALITY VIEW person_document AS SELECT JSON_DUALITY_OBJECT(WITH(INSERT,UPDATE,DELETE) '_id': id, 'name': name) FROM person",
    'CREATE MATERIALIZED VIEW names AS SELECT name FROM person',
    "CREATE LIBRARY tool COMMENT 'it''s' LANGUAGE JAVASCRIPT AS $$export function f(n) { return n + 1 }$$",
    'CREATE FUNCTION from_library(n INT) RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT USING (tool) AS $$ return tool.f(n) $$',
  )
}

export async function makeMysqlAccounts({ all }: Nasty): Promise<void> {
  await all(
    'SET GLOBAL partial_revokes = ON',
    "CREATE USER app@'%' IDENTIFIED BY 'se''cret' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5 MAX_QUERIES_PER_HOUR 10 COMMENT 'it''s; an app'",
    `CREATE USER 'o''dd\`'@'10.0.0.0/255.0.0.0' IDENTIFIED WITH caching_sha2_password BY 'x' PASSWORD EXPIRE NEVER ACCOUNT LOCK PASSWORD HISTORY 5 PASSWORD REUSE INTERVAL 10 DAY PASSWORD REQUIRE CURRENT FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2 ATTRIBUTE '{"k": "v\\\\"w"}'`,
    'CREATE USER nopassword@localhost',
    "CREATE USER older@'%' IDENTIFIED WITH sha256_password BY 'x' REQUIRE SUBJECT '/CN=it''s' PASSWORD EXPIRE",
    "CREATE USER two@'%' IDENTIFIED BY 'first'",
    "ALTER USER two@'%' IDENTIFIED BY 'second' RETAIN CURRENT PASSWORD",
    "CREATE ROLE reader, 'wri`ter'@localhost, boss",
    'GRANT SELECT ON shop.* TO reader',
    'GRANT INSERT, UPDATE (u), SELECT (id, u) ON shop.texts TO app@`%`',
    'GRANT EXECUTE ON PROCEDURE shop.fill TO app@`%`',
    'GRANT reader TO boss',
    "GRANT boss, 'wri`ter'@localhost TO app@`%` WITH ADMIN OPTION",
    'GRANT SELECT, INSERT, PROCESS ON *.* TO app@`%`',
    'GRANT BACKUP_ADMIN, AUDIT_ABORT_EXEMPT ON *.* TO app@`%` WITH GRANT OPTION',
    'GRANT XA_RECOVER_ADMIN ON *.* TO app@`%`',
    'REVOKE INSERT ON mysql.* FROM app@`%`',
    "GRANT SELECT ON *.* TO 'o''dd`'@'10.0.0.0/255.0.0.0' WITH GRANT OPTION",
    'GRANT ALL ON `nul`.* TO nopassword@localhost',
    "SET DEFAULT ROLE boss, 'wri`ter'@localhost TO app@`%`",
    "CREATE SERVER elsewhere FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', USER 'o''dd', PASSWORD 'se\"cret', PORT 3307, DATABASE 'shop')",
    "CREATE FUNCTION keyring_key_fetch RETURNS STRING SONAME 'keyring_udf.so'",
  )
}
