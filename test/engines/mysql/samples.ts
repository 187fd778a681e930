import type { Nasty } from './nasty/nasty.ts'

/** The shapes of databases that people try such programs with, filled by our own generator. */
export async function makeSamples(nasty: Nasty): Promise<void> {
  await makeRentals(nasty)
  await makeStaff(nasty)
  await makeBenchmark(nasty)
}

/** A shop that lends films: a circle of foreign keys, sets and enums, full text, places, views, routines and triggers. */
async function makeRentals({ all, numbers }: Nasty): Promise<void> {
  const stamp = 'changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP'
  await all(
    'CREATE DATABASE rentals CHARACTER SET utf8mb4',
    'USE rentals',
    `CREATE TABLE country (country_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, country VARCHAR(50) NOT NULL, ${stamp})`,
    `CREATE TABLE city (city_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, city VARCHAR(50) NOT NULL, country_id SMALLINT UNSIGNED NOT NULL, ${stamp},
      KEY (country_id), CONSTRAINT city_country FOREIGN KEY (country_id) REFERENCES country (country_id) ON UPDATE CASCADE)`,
    `CREATE TABLE address (address_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, street VARCHAR(50) NOT NULL, city_id SMALLINT UNSIGNED NOT NULL, place GEOMETRY NOT NULL, ${stamp},
      SPATIAL KEY (place), CONSTRAINT address_city FOREIGN KEY (city_id) REFERENCES city (city_id))`,
    `CREATE TABLE film (film_id SMALLINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title VARCHAR(128) NOT NULL, story TEXT, year YEAR, days TINYINT UNSIGNED NOT NULL DEFAULT 3, rate DECIMAL(4,2) NOT NULL DEFAULT 4.99,
      rating ENUM('G','PG','PG-13','R','NC-17') DEFAULT 'G', extras SET('Trailers','Commentaries','Deleted Scenes','Behind the Scenes'), ${stamp}, KEY (title))`,
    'CREATE TABLE film_text (film_id SMALLINT UNSIGNED PRIMARY KEY, title VARCHAR(255) NOT NULL, story TEXT, FULLTEXT KEY words (title, story))',
    `CREATE TABLE staff (staff_id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(45) NOT NULL, address_id SMALLINT UNSIGNED NOT NULL, picture BLOB, store_id TINYINT UNSIGNED NOT NULL, active BOOL NOT NULL DEFAULT TRUE, ${stamp})`,
    `CREATE TABLE store (store_id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, manager TINYINT UNSIGNED NOT NULL UNIQUE, ${stamp}, CONSTRAINT store_staff FOREIGN KEY (manager) REFERENCES staff (staff_id))`,
    `CREATE TABLE rental (rental_id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME NOT NULL, film_id SMALLINT UNSIGNED NOT NULL, staff_id TINYINT UNSIGNED NOT NULL, back DATETIME, ${stamp},
      UNIQUE KEY (at, film_id), CONSTRAINT rental_film FOREIGN KEY (film_id) REFERENCES film (film_id))`,
    'CREATE TRIGGER film_told AFTER INSERT ON film FOR EACH ROW INSERT INTO film_text VALUES (NEW.film_id, NEW.title, NEW.story)',
    'CREATE TRIGGER film_changed AFTER UPDATE ON film FOR EACH ROW BEGIN IF OLD.title <> NEW.title THEN UPDATE film_text SET title = NEW.title WHERE film_id = OLD.film_id; END IF; END',
    'CREATE TRIGGER rental_date BEFORE INSERT ON rental FOR EACH ROW SET NEW.at = COALESCE(NEW.at, NOW())',
    `INSERT INTO country (country) SELECT CONCAT('Country ', seq) FROM ${numbers(1, 20)}`,
    `INSERT INTO city (city, country_id) SELECT CONCAT('Città ', seq), 1 + seq % 20 FROM ${numbers(1, 60)}`,
    `INSERT INTO address (street, city_id, place) SELECT CONCAT(seq, ' O''Neil Street'), 1 + seq % 60, POINT(seq / 3, -seq / 7) FROM ${numbers(1, 100)}`,
    `INSERT INTO film (title, story, year, rating, extras) SELECT CONCAT('FILM ', seq), REPEAT('a tale of two ', 1 + seq % 9), 1950 + seq % 70, 1 + seq % 5, seq % 16 FROM ${numbers(1, 500)}`,
    "INSERT INTO staff (name, address_id, picture, store_id) VALUES ('Ann', 1, 0x89504E470D0A1A0A00, 1), ('Bob', 2, NULL, 2)",
    'INSERT INTO store (manager) VALUES (1), (2)',
    'ALTER TABLE staff ADD CONSTRAINT staff_store FOREIGN KEY (store_id) REFERENCES store (store_id)',
    `INSERT INTO rental (at, film_id, staff_id, back) SELECT '2025-01-01' + INTERVAL seq HOUR, 1 + seq % 500, 1 + seq % 2, IF(seq % 9, '2025-02-01' + INTERVAL seq HOUR, NULL) FROM ${numbers(1, 8000)}`,
    'CREATE VIEW film_list AS SELECT f.film_id AS id, f.title, COUNT(r.rental_id) AS lent FROM film f LEFT JOIN rental r USING (film_id) GROUP BY f.film_id, f.title',
    'CREATE SQL SECURITY INVOKER VIEW popular AS SELECT * FROM film_list WHERE lent > 10',
    'CREATE FUNCTION is_out(id INT) RETURNS BOOL READS SQL DATA RETURN EXISTS (SELECT 1 FROM rental WHERE rental_id = id AND back IS NULL)',
    'CREATE PROCEDURE lent_in(IN y INT, OUT n INT) READS SQL DATA BEGIN SELECT COUNT(*) FROM rental WHERE YEAR(at) = y INTO n; END',
  )
}

/** People, their departments, titles and salaries: long tables with keys of several columns, dates among them. */
async function makeStaff({ all, numbers }: Nasty): Promise<void> {
  await all(
    'CREATE DATABASE people',
    'USE people',
    "CREATE TABLE person (number INT PRIMARY KEY, born DATE NOT NULL, first_name VARCHAR(14) NOT NULL, last_name VARCHAR(16) NOT NULL, gender ENUM('M','F') NOT NULL, hired DATE NOT NULL)",
    'CREATE TABLE department (id CHAR(4) PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE)',
    'CREATE TABLE membership (number INT, department CHAR(4), since DATE NOT NULL, until DATE NOT NULL, PRIMARY KEY (number, department), FOREIGN KEY (number) REFERENCES person (number) ON DELETE CASCADE, FOREIGN KEY (department) REFERENCES department (id) ON DELETE CASCADE)',
    'CREATE TABLE title (number INT, title VARCHAR(50), since DATE, until DATE, PRIMARY KEY (number, title, since), FOREIGN KEY (number) REFERENCES person (number) ON DELETE CASCADE)',
    "CREATE TABLE salary (number INT, amount INT NOT NULL, since DATE, until DATE NOT NULL, PRIMARY KEY (number, since)) PARTITION BY RANGE COLUMNS (since) (PARTITION early VALUES LESS THAN ('1995-01-01'), PARTITION late VALUES LESS THAN (MAXVALUE))",
    `INSERT INTO person SELECT 10000 + seq, '1950-01-01' + INTERVAL seq DAY, CONCAT('First', seq % 97), CONCAT('Læst', seq % 89), 1 + seq % 2, '1985-01-01' + INTERVAL seq DAY FROM ${numbers(1, 4000)}`,
    `INSERT INTO department SELECT CONCAT('d', LPAD(seq, 3, '0')), CONCAT('Department ', seq) FROM ${numbers(1, 9)}`,
    `INSERT INTO membership SELECT 10000 + seq, CONCAT('d', LPAD(1 + seq % 9, 3, '0')), '1990-01-01', '9999-01-01' FROM ${numbers(1, 4000)}`,
    `INSERT INTO title SELECT 10000 + seq, IF(seq % 2, 'Engineer', 'Staff'), '1990-01-01', IF(seq % 3, NULL, '2000-01-01') FROM ${numbers(1, 4000)}`,
    `INSERT INTO salary SELECT 10001 + seq % 4000, 40000 + seq, '1985-06-26' + INTERVAL FLOOR(seq / 4000) YEAR, '9999-01-01' FROM ${numbers(0, 40000)}`,
    'CREATE VIEW latest AS SELECT number, MAX(since) AS since FROM salary GROUP BY number',
    'CREATE VIEW earning AS SELECT p.number, p.last_name, s.amount FROM person p JOIN latest l USING (number) JOIN salary s ON s.number = l.number AND s.since = l.since',
  )
}

/** The tables of the usual benchmark. */
async function makeBenchmark({ all, numbers }: Nasty): Promise<void> {
  await all('CREATE DATABASE bench', 'USE bench')
  for (const table of ['sbtest1', 'sbtest2', 'sbtest3', 'sbtest4'])
    await all(
      `CREATE TABLE ${table} (id INT NOT NULL AUTO_INCREMENT, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', PRIMARY KEY (id), KEY k_1 (k))`,
      `INSERT INTO ${table} (k, c, pad) SELECT (seq * 7919) % 10007, LEFT(REPEAT(CONCAT(SHA2(seq, 256), '-'), 2), 119), LEFT(SHA2(seq, 512), 59) FROM ${numbers(1, 5000)}`,
    )
}
