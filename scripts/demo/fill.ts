import { randomBytes } from 'node:crypto'
import type { Connection } from 'mysql2/promise'
import type { Database } from '../../test/support/database.ts'
import { objects } from './objects.ts'

const applicationTables = `FROM information_schema.tables WHERE table_type = 'BASE TABLE'
  AND table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`
const insertRow = 256 * 1024
/** Rows of a table when the whole is about this many MiB of tables and indexes. */
const perMib = { customers: 450, orders: 1200, lines: 3600, readings: 2000, notes: 100 }

/**
 * Fills a server with what companies have: narrow rows in number, text and JSON, measurements, photographs, many small tables, and every
 * kind of object.
 * @param mib about how many MiB of tables and indexes it becomes
 */
export async function fill(server: Database, mib: number): Promise<void> {
  const rows = (table: keyof typeof perMib) => Math.ceil(perMib[table] * mib)
  await server.execute(...schema, ...inserts(rows), ...smallTables(), ...objects)
  const connection = await server.connect('archive')
  try {
    await insertPhotographs(connection, Math.ceil((mib * 0.15 * 1024 * 1024) / insertRow))
  } finally {
    await connection.end()
  }
}

/** Bytes of tables and indexes, and how many tables there are. */
export async function measure(server: Database): Promise<{ bytes: number; tables: number; rows: number }> {
  const connection = await server.connect()
  try {
    const [names] = await connection.query(`SELECT table_schema AS d, table_name AS t ${applicationTables}`)
    // The server only estimates, and may not have done so yet.
    for (const { d, t } of names as { d: string; t: string }[]) await connection.query('ANALYZE TABLE ??.??', [d, t])
    const [found] = await connection.query(
      `SELECT COALESCE(SUM(data_length + index_length), 0) + 0e0 AS bytes, COUNT(*) AS tables, COALESCE(SUM(table_rows), 0) + 0e0 AS \`rows\`
       ${applicationTables}`,
    )
    return (found as { bytes: number; tables: number; rows: number }[])[0]!
  } finally {
    await connection.end()
  }
}

const schema = [
  'CREATE DATABASE shop CHARACTER SET utf8mb4',
  'CREATE DATABASE plant CHARACTER SET latin1',
  'CREATE DATABASE archive CHARACTER SET utf8mb4',
  `CREATE TABLE shop.customers (
     id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120), city VARCHAR(60),
     since DATE, credit DECIMAL(12,2) NOT NULL DEFAULT 0, preferences JSON, UNIQUE KEY (email), KEY (city, since))`,
  `CREATE TABLE shop.orders (
     id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, placed DATETIME(6) NOT NULL, state ENUM('new','paid','sent','returned') NOT NULL,
     flags SET('gift','express','invoice'), total DECIMAL(14,4) NOT NULL, gross DECIMAL(14,4) AS (total * 1.19) VIRTUAL, remark VARCHAR(200),
     KEY (customer, placed), FOREIGN KEY (customer) REFERENCES shop.customers (id))`,
  `CREATE TABLE shop.order_lines (
     order_id BIGINT UNSIGNED NOT NULL, line SMALLINT UNSIGNED NOT NULL, article INT NOT NULL, quantity FLOAT NOT NULL, price DOUBLE NOT NULL,
     PRIMARY KEY (order_id, line))`,
  `CREATE TABLE plant.readings (
     sensor INT NOT NULL, at TIMESTAMP(3) NOT NULL, value DOUBLE, raw BINARY(8), status BIT(6),
     PRIMARY KEY (sensor, at))
   PARTITION BY HASH (sensor) PARTITIONS 4`,
  'CREATE TABLE plant.sites (id INT PRIMARY KEY, place POINT NOT NULL, area POLYGON, SPATIAL KEY (place))',
  'CREATE TABLE plant.log_without_key (at DATETIME, level TINYINT UNSIGNED, message VARCHAR(255))',
  `CREATE TABLE archive.notes (id BIGINT UNSIGNED PRIMARY KEY, author VARCHAR(60), body MEDIUMTEXT, tags JSON, FULLTEXT KEY (body))`,
  'CREATE TABLE archive.photographs (id INT AUTO_INCREMENT PRIMARY KEY, taken DATETIME, image MEDIUMBLOB)',
  'CREATE TABLE archive.`nothing, yet` (`a "quoted" name` INT, `ein Schlüssel` CHAR(3) PRIMARY KEY)',
]

const inserts = (rows: (table: keyof typeof perMib) => number) => [
  'USE shop', // sequence tables need a database to be in
  `INSERT INTO shop.customers (name, email, city, since, credit, preferences)
   SELECT CONCAT(ELT(1 + seq % 6, 'Anna', 'Jörg', '李', 'Zoë', 'Олег', 'O''Brien'), ' ', ELT(1 + seq % 5, 'Müller', 'Smith', 'García', '🛒 & Söhne', 'Nowak'), ' ', seq),
     IF(seq % 11 = 0, NULL, CONCAT('user', seq, '@example.net')), ELT(1 + seq % 4, 'Nürnberg', 'København', 'São Paulo', '東京'),
     '1999-01-01' + INTERVAL seq % 9000 DAY, RAND(seq) * 10000, JSON_OBJECT('newsletter', seq % 2 = 0, 'language', ELT(1 + seq % 3, 'de', 'en', 'ja'))
   FROM seq_1_to_${rows('customers')}`,
  `INSERT INTO shop.orders (customer, placed, state, flags, total, remark)
   SELECT 1 + FLOOR(RAND(seq) * ${rows('customers')}), '2020-01-01' + INTERVAL seq * 61000001 MICROSECOND, 1 + seq % 4, seq % 8, RAND(seq + 1) * 900,
     IF(seq % 5 = 0, CONCAT('ring\\\\twice; "', MD5(seq), '"\\n', 'it''s ', seq), NULL)
   FROM seq_1_to_${rows('orders')}`,
  `INSERT INTO shop.order_lines
   SELECT 1 + seq DIV 3, 1 + seq % 3, FLOOR(RAND(seq) * 40000), RAND(seq + 2) * 20, RAND(seq + 3) * 99 FROM seq_1_to_${rows('lines')}`,
  `INSERT INTO plant.readings
   SELECT seq % 300, '2024-01-01' + INTERVAL seq * 1007 * 1000 MICROSECOND, SIN(seq / 1000) * 1e3 + RAND(seq), UNHEX(LEFT(MD5(seq), 16)), seq % 64
   FROM seq_1_to_${rows('readings')}`,
  `INSERT INTO plant.sites
   SELECT seq, POINT(seq / 7, -seq / 3), ST_GeomFromText(CONCAT('POLYGON((0 0,', seq, ' 0,', seq, ' 1,0 0))')) FROM seq_1_to_300`,
  `INSERT INTO plant.log_without_key
   SELECT '2024-05-05' + INTERVAL seq SECOND, seq % 8, CONCAT('valve ', seq % 97, ' ', ELT(1 + seq % 3, 'opened', 'closed', 'stuck')) FROM seq_1_to_${rows('notes')}`,
  `INSERT INTO archive.notes
   SELECT seq, CONCAT('author ', seq % 50), REPEAT(CONCAT(MD5(seq), ' said that ', SHA2(seq, 256), '.\\n'), 5 + seq % 20), JSON_ARRAY(seq % 10, CONCAT('tag-', seq % 77))
   FROM seq_1_to_${rows('notes')}`,
]

function smallTables(): string[] {
  const names = Array.from({ length: 60 }, (_, index) => `shop.settings_${String(index + 1).padStart(2, '0')}`)
  return names.flatMap((name, index) => [
    `CREATE TABLE ${name} (name VARCHAR(40) PRIMARY KEY, value VARCHAR(200), changed TIMESTAMP NULL) ENGINE=${index % 10 === 9 ? 'Aria' : 'InnoDB'}`,
    `INSERT INTO ${name} SELECT CONCAT('option ', seq), SHA1(seq + ${index}), IF(seq % 3, '2023-03-03 03:03:03', NULL) FROM seq_1_to_${10 + index}`,
  ])
}

/** Bytes that do not compress, as photographs are. */
async function insertPhotographs(connection: Connection, count: number): Promise<void> {
  for (let index = 0; index < count; index++)
    await connection.query('INSERT INTO photographs (taken, image) VALUES (NOW(), ?)', [randomBytes(insertRow)])
}
