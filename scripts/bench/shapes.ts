import { randomBytes } from 'node:crypto'
import type { Database } from '../../test/support/database.ts'

/** One way in which a server's bytes can lie. */
export interface Shape {
  name: string
  /** What it is, for the report. */
  is: string
  /** @param mib about how many MiB of tables and indexes it becomes */
  fill(server: Database, mib: number): Promise<void>
}

const blobSize = 256 * 1024

export const shapes: Shape[] = [
  {
    name: 'small',
    is: '300 tables of numbers, times, texts and a DOUBLE',
    async fill(server, mib) {
      const rows = Math.ceil((mib * 1024 * 1024) / 300 / 190)
      const tables = Array.from({ length: 300 }, (_, index) => `bench.t${String(index).padStart(3, '0')}`)
      await server.execute(
        'CREATE DATABASE bench CHARACTER SET utf8mb4',
        'USE bench',
        ...tables.flatMap((table, index) => [
          `CREATE TABLE ${table} (
             id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, parent INT UNSIGNED, placed DATETIME NOT NULL, state ENUM('new','paid','sent') NOT NULL,
             total DECIMAL(12,2) NOT NULL, weight DOUBLE, name VARCHAR(80) NOT NULL, remark VARCHAR(200), KEY (parent, placed))`,
          `INSERT INTO ${table} (parent, placed, state, total, weight, name, remark)
           SELECT seq DIV 7, '2021-01-01' + INTERVAL seq * 61 SECOND, 1 + seq % 3, (seq * 7919 % 1000000) / 100, RAND(seq + ${index}) * 50,
             CONCAT(ELT(1 + seq % 5, 'Müller', 'Smith', 'García', 'O''Brien', 'Nowak'), ' ', seq), IF(seq % 3 = 0, NULL, CONCAT('said "', SHA1(seq), '"'))
           FROM seq_1_to_${rows}`,
        ]),
      )
    },
  },
  {
    name: 'huge',
    is: "one table of sysbench's shape (id, k, c CHAR(120), pad CHAR(60))",
    async fill(server, mib) {
      const rows = Math.ceil((mib * 1024 * 1024) / 235)
      await server.execute(
        'CREATE DATABASE bench CHARACTER SET utf8mb4',
        'USE bench',
        `CREATE TABLE sbtest1 (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '',
           pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k)) CHARACTER SET latin1`,
        `INSERT INTO sbtest1 (k, c, pad)
         SELECT seq * 7919 % ${rows}, ${groups(10)}, ${groups(5)}
         FROM seq_1_to_${rows}`,
      )
    },
  },
  {
    name: 'blobs',
    is: 'photographs of 256 KiB that do not compress, and documents of text and JSON that do, half each',
    async fill(server, mib) {
      const documents = Math.ceil((mib * 1024 * 1024) / 2 / 2600)
      await fillPhotographs(server, mib / 2)
      await server.execute(
        'USE bench',
        'CREATE TABLE documents (id INT PRIMARY KEY, body MEDIUMTEXT NOT NULL, tags JSON)',
        `INSERT INTO documents
         SELECT seq, REPEAT(CONCAT(MD5(seq), ' said that ', SHA2(seq, 256), '.\\n'), 10 + seq % 25), JSON_ARRAY(seq % 10, CONCAT('tag-', seq % 77))
         FROM seq_1_to_${documents}`,
      )
    },
  },
]

/** Random groups of eleven digits, as sysbench writes them: `83868641912-28773972837-…`. */
function groups(count: number): string {
  const group = (number: number) => `LPAD(CONV(LEFT(MD5(seq * 16 + ${number}), 9), 16, 10), 11, '0')`
  return `CONCAT_WS('-', ${Array.from({ length: count }, (_, number) => group(number)).join(', ')})`
}

/** A table of 256 KiB each that do not compress. */
export async function fillPhotographs(server: Database, mib: number): Promise<void> {
  await server.execute(
    'CREATE DATABASE bench CHARACTER SET utf8mb4',
    'USE bench',
    'CREATE TABLE photographs (id INT AUTO_INCREMENT PRIMARY KEY, taken DATETIME, image MEDIUMBLOB)',
  )
  const connection = await server.connect('bench')
  try {
    for (let left = Math.ceil((mib * 1024 * 1024) / blobSize); left > 0; left--)
      await connection.query('INSERT INTO photographs (taken, image) VALUES (NOW(), ?)', [randomBytes(blobSize)])
  } finally {
    await connection.end()
  }
}
