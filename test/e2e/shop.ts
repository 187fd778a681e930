import { randomBytes } from 'node:crypto'
import type { Reachable } from '../support/database.ts'

/** A small shop with the shapes that matter end to end; the engine's own tests hold the nasty schema. */
export async function fillShop(database: Reachable, orders = 20_000): Promise<void> {
  await database.execute(
    'CREATE DATABASE shop CHARACTER SET utf8mb4',
    'USE shop',
    `CREATE TABLE shop.customers (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120), score DOUBLE, joined DATETIME(3))`,
    `CREATE TABLE shop.orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, total DECIMAL(12,2), note TEXT, placed TIMESTAMP NULL,
       FOREIGN KEY (customer) REFERENCES shop.customers (id))`,
    'CREATE TABLE shop.nothing (a INT)',
    'CREATE TABLE shop.`odd "name`` \n x` (`a b` BLOB, c BIT(9), g POINT)',
    `INSERT INTO shop.customers (name, email, score, joined) SELECT CONCAT('Nürnberg 🛒 ', seq), IF(seq % 7, CONCAT('c', seq, '@example.net'), NULL), seq / 7, '2024-02-29 12:00:00.123' + INTERVAL seq SECOND FROM seq_1_to_500`,
    `INSERT INTO shop.orders (customer, total, note, placed) SELECT 1 + seq % 500, seq * 1.01, CONCAT('it''s "order" \\\\ ', seq, '\n', MD5(seq)), '2025-01-01' + INTERVAL seq MINUTE FROM seq_1_to_${orders}`,
    `INSERT INTO shop.\`odd "name\`\` \n x\` VALUES (x'00271A5C0A0D', b'101010101', POINT(1.5, -2.25)), (NULL, NULL, NULL)`,
    'CREATE VIEW shop.busy AS SELECT customer, COUNT(*) AS n FROM shop.orders GROUP BY customer',
    'CREATE TRIGGER shop.before_order BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.note = COALESCE(NEW.note, "-")',
    'CREATE PROCEDURE shop.count_orders(OUT n INT) SELECT COUNT(*) INTO n FROM shop.orders',
    'CREATE FUNCTION shop.twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2',
    'CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY STARTS "2020-01-01 02:00:00" DO DELETE FROM shop.nothing',
    `CREATE USER 'clerk'@'localhost' IDENTIFIED BY 'secret'`,
    `GRANT SELECT, INSERT ON shop.* TO 'clerk'@'localhost'`,
  )
}

/** Rows that neither compress nor repeat: `mib` MiB in a table of its own. */
export async function fillIncompressible(database: Reachable, mib: number): Promise<void> {
  await database.execute(
    'CREATE DATABASE IF NOT EXISTS bulk',
    'CREATE TABLE bulk.noise (id INT AUTO_INCREMENT PRIMARY KEY, data MEDIUMBLOB)',
  )
  const connection = await database.connect('bulk')
  try {
    for (let row = 0; row < mib; row++)
      await connection.query('INSERT INTO noise (data) VALUES (?)', [randomBytes(1 << 20)])
  } finally {
    await connection.end()
  }
}
