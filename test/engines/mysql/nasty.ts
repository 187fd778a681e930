import { randomBytes } from 'node:crypto'
import type { Connection } from 'mysql2/promise'

/** A server full of what dump programs get wrong. */
export async function makeNasty(connection: Connection): Promise<void> {
  const run = (sql: string, values?: unknown[]) => connection.query(sql, values)
  const all = async (...statements: string[]) => {
    for (const statement of statements) await run(statement)
  }
  await all("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'")

  await all('CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', 'USE shop')
  await all(
    `CREATE TABLE times (id INT PRIMARY KEY, d DATE, dt DATETIME(6), ts TIMESTAMP(3) NULL, t TIME(6), y YEAR)`,
    `INSERT INTO times VALUES
      (1, '0000-00-00', '0000-00-00 00:00:00', NULL, '-838:59:59.999999', 0),
      (2, '2026-00-00', '2026-11-00 10:15:00.123456', '2026-10-25 00:30:00.125', '838:59:59', 1901),
      (3, '9999-12-31', '9999-12-31 23:59:59.999999', '2026-10-25 01:30:00', '00:00:00.000001', 2155),
      (4, NULL, NULL, '1970-01-01 00:00:01', NULL, NULL)`,
    `CREATE TABLE numbers (id BIGINT UNSIGNED PRIMARY KEY, s BIGINT, f FLOAT, d DOUBLE, f2 FLOAT(7,2), dc DECIMAL(65,30),
      z INT(8) UNSIGNED ZEROFILL, b BIT(1), b64 BIT(64), b7 BIT(7), o BOOL)`,
    `INSERT INTO numbers VALUES
      (0, -9223372036854775808, 3.4028234e38, 1.7976931348623157e308, 12345.67, 12345678901234567890123456789012345.123456789012345678901234567890, 42, b'1', b'1111111111111111111111111111111111111111111111111111111111111111', b'0000000', 1),
      (18446744073709551615, 9223372036854775807, 1.17549435e-38, 2.2250738585072014e-308, -0.01, -0.000000000000000000000000000001, 0, b'0', b'0', b'1111111', 0),
      (9007199254740993, 0, 16777215, 0.1, 0, 0, NULL, NULL, NULL, NULL, NULL),
      (4, 1, 123456.789, 5e-324, 1, 1, 1, b'1', b'10100111', b'0100111', 1)`,
    "UPDATE numbers SET f = '-0', d = '-0' WHERE id = 4",
    `CREATE TABLE texts (id INT PRIMARY KEY AUTO_INCREMENT, u VARCHAR(200), l VARCHAR(200) CHARACTER SET latin1, u3 VARCHAR(100) CHARACTER SET utf8mb3,
      u16 VARCHAR(100) CHARACTER SET utf16, u2 VARCHAR(100) CHARACTER SET ucs2, u32 VARCHAR(50) CHARACTER SET utf32, sj VARCHAR(100) CHARACTER SET sjis,
      gb VARCHAR(100) CHARACTER SET gbk, e ENUM('a','b''c','ünï','') CHARACTER SET latin1, s SET('x','z'''), lt LONGTEXT, j JSON) AUTO_INCREMENT=7000`,
  )
  const awkward =
    'quote \' double " back \\ slash\nline\r\n\ttab \0 nul \x1a eof ` tick; -- no comment /* */ \u2028 😀𝄞é'
  await run('INSERT INTO texts VALUES (0,?,?,?,?,?,?,?,?,1,3,?,?)', [
    awkward,
    'Grüße \x81 \'\\"',
    'ÄÖ€\u2028',
    "😀 utf16 \\ '",
    "ucs2 \\ ' é",
    "𝄞 '",
    "ソ表能'\\",
    "測試\\'",
    awkward.repeat(2000),
    '{"a": [1, 2.50, "x\\"y", null], "ü": "😀"}',
  ])
  await all(
    "INSERT INTO texts VALUES (1, '', '', '', '', '', '', '', '', '', '', '', '{}'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
  )
  await run('UPDATE texts SET e = 0 WHERE id = 1') // not the empty member but the error value
  await run('INSERT INTO texts (u) VALUES (?)', ['NULL'])

  await run(
    `CREATE TABLE bytes (id BINARY(16) PRIMARY KEY, v VARBINARY(300), b LONGBLOB, c CHAR(5) CHARACTER SET binary)`,
  )
  const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  await run('INSERT INTO bytes VALUES (?,?,?,?),(?,?,?,?)', [
    Buffer.alloc(16),
    every,
    Buffer.concat([every, every.toReversed()]),
    Buffer.from([0, 39, 92, 10, 255]),
    Buffer.alloc(16, 255),
    Buffer.alloc(0),
    null,
    Buffer.alloc(0),
  ]) // prettier-ignore

  await all(
    `CREATE TABLE places (id INT PRIMARY KEY, g GEOMETRY, p POINT NOT NULL, pg POLYGON, SPATIAL INDEX (p))`,
    `INSERT INTO places VALUES (1, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1e300 -1))'), POINT(1.5, -2.5), NULL),
      (2, NULL, ST_GeomFromText('POINT(39 92)', 4326), ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 0))'))`,
    'CREATE TABLE uuids (u UUID PRIMARY KEY, i6 INET6, i4 INET4)',
    "INSERT INTO uuids VALUES (UUID(), '2001:db8::ff', '192.0.2.1'), ('00000000-0000-0000-0000-000000000000', NULL, NULL)",
    `CREATE TABLE generated (a INT, v INT AS (a * 2) VIRTUAL, s INT AS (a + 1) STORED, hidden INT INVISIBLE DEFAULT 5, t TEXT DEFAULT ('x'), CONSTRAINT positive CHECK (a > 0), KEY (s))`,
    'INSERT INTO generated (a, hidden) VALUES (1, 9), (2, DEFAULT)',
    'CREATE TABLE only_generated (v INT AS (1) VIRTUAL)',
    'INSERT INTO only_generated VALUES (), ()',
    'CREATE TABLE empty_one (id INT PRIMARY KEY, t TEXT)',
    'CREATE TABLE no_key (a INT, b VARCHAR(20))',
    "INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL)",
    'CREATE TABLE myisam_one (id INT PRIMARY KEY, t TEXT) ENGINE=MyISAM',
    "INSERT INTO myisam_one VALUES (1, 'a')",
    `CREATE TABLE versioned (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING`,
    'INSERT INTO versioned VALUES (1, 1), (2, 2)',
    'UPDATE versioned SET x = 10 WHERE id = 1',
    'DELETE FROM versioned WHERE id = 2',
    `CREATE TABLE versioned_named (id INT PRIMARY KEY, x INT, rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START, re TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (rs, re)) WITH SYSTEM VERSIONING`,
    'INSERT INTO versioned_named (id, x) VALUES (1, 1), (2, 2)',
    'DELETE FROM versioned_named WHERE id = 2',
    `CREATE TABLE parted (id INT, k INT, PRIMARY KEY (id, k)) PARTITION BY RANGE (k) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10), PARTITION \`p "1\` VALUES LESS THAN MAXVALUE)`,
    'INSERT INTO parted SELECT seq, seq FROM seq_1_to_30',
    'CREATE SEQUENCE tickets START WITH 100 INCREMENT BY 7 CACHE 10 CYCLE MAXVALUE 5000',
    'SELECT NEXTVAL(tickets)',
    'CREATE SEQUENCE went_back START WITH 100',
    'ALTER SEQUENCE went_back RESTART 5',
    'CREATE TABLE numbered (id INT PRIMARY KEY DEFAULT NEXTVAL(tickets), x INT)',
    'INSERT INTO numbered (x) VALUES (1), (2)',
  )

  // A circle of foreign keys, and one to itself.
  await all(
    'CREATE TABLE chicken (id INT PRIMARY KEY, egg INT, mother INT REFERENCES chicken (id))',
    'CREATE TABLE egg (id INT PRIMARY KEY, chicken INT, FOREIGN KEY (chicken) REFERENCES chicken (id))',
    'ALTER TABLE chicken ADD FOREIGN KEY (egg) REFERENCES egg (id) ON DELETE SET NULL',
    'INSERT INTO chicken VALUES (1, NULL, NULL), (2, NULL, 1)',
    'INSERT INTO egg VALUES (1, 2), (2, 1)',
    'UPDATE chicken SET egg = id',
  )

  // Routines used by views, views on views, an invalid one; triggers in an order that is not their names'.
  await all(
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
    `CREATE FUNCTION "full name"(a VARCHAR(50), b VARCHAR(50)) RETURNS VARCHAR(110) DETERMINISTIC COMMENT 'it''s; a\n"comment"'\nBEGIN\n  -- a; comment\n  RETURN a || ' ' || b;\nEND`,
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "CREATE PROCEDURE fill(IN n INT, OUT m INT) MODIFIES SQL DATA SQL SECURITY INVOKER\nBEGIN\n  DECLARE i INT DEFAULT 0;\n  loop1: WHILE i < n DO\n    INSERT INTO no_key VALUES (i, 'ü;\n');\n    SET i = i + 1;\n  END WHILE;\n  SET m = i;;;\nEND".replace(
      '= i;;;',
      '= i;',
    ),
    "CREATE VIEW z_base AS SELECT id, `full name`(COALESCE(u, ''), 'x') AS `the;\n``name``` FROM texts WHERE id < 0",
    'CREATE ALGORITHM=MERGE VIEW a_top AS SELECT * FROM z_base WHERE id > -10 WITH CASCADED CHECK OPTION',
    'CREATE DEFINER=`gone`@`nowhere` SQL SECURITY INVOKER VIEW m_counts AS SELECT COUNT(*) n FROM a_top',
    'CREATE DEFINER=`gone`@`nowhere` PROCEDURE orphan() SELECT 1',
    'CREATE USER leaver@localhost',
    'CREATE DEFINER=leaver@localhost FUNCTION of_leaver() RETURNS INT DETERMINISTIC RETURN 1',
    'GRANT EXECUTE ON shop.* TO leaver@localhost',
    'CREATE VIEW unusable_one AS SELECT of_leaver() AS x',
    'DROP USER leaver@localhost',
    'CREATE TABLE soon_gone (x INT)',
    'CREATE VIEW invalid_one AS SELECT x FROM soon_gone',
    'DROP TABLE soon_gone',
    'CREATE TABLE audited (id INT PRIMARY KEY, x INT)',
    'CREATE TABLE audit (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(50))',
    'CREATE TRIGGER zzz BEFORE INSERT ON audited FOR EACH ROW SET NEW.x = NEW.x + 1',
    'CREATE TRIGGER aaa BEFORE INSERT ON audited FOR EACH ROW FOLLOWS zzz SET NEW.x = NEW.x * 2',
    'CREATE TRIGGER mmm BEFORE INSERT ON audited FOR EACH ROW PRECEDES zzz BEGIN\n  SET NEW.x = NEW.x - 1;\nEND',
    "CREATE TRIGGER logs AFTER INSERT ON audited FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('insert; ', NEW.id))",
    'INSERT INTO audited VALUES (1, 10)',
    'SET NAMES latin1',
    "CREATE VIEW latin_view AS SELECT 'ä' AS `ü`",
    "CREATE FUNCTION latin_function() RETURNS VARCHAR(10) CHARSET latin1 DETERMINISTIC RETURN 'ä'",
  )
  await run(
    Buffer.from("CREATE TRIGGER latin BEFORE UPDATE ON audited FOR EACH ROW SET @x = '\xe4'", 'latin1')
      .toString('latin1')
      .replace('\xe4', 'ä'),
  )
  await all(
    'SET NAMES utf8mb4',
    "SET time_zone = 'SYSTEM'",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 03:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'ON COMPLETION NOT PRESERVE' DO BEGIN DELETE FROM audit; DELETE FROM no_key; END",
    "SET time_zone = '+05:30', sql_mode = 'ANSI_QUOTES'",
    `CREATE EVENT "off one" ON SCHEDULE AT '2035-01-01 03:00:00' DISABLE DO DELETE FROM "audit"`,
    "SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    'ALTER DATABASE shop COLLATE utf8mb4_general_ci', // routines above remember another collation
    "SET sql_mode = 'ORACLE'",
    'CREATE PACKAGE tools AS FUNCTION one RETURN INT; END',
    'CREATE PACKAGE BODY tools AS FUNCTION one RETURN INT AS BEGIN RETURN 1; END; END',
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  )

  // Names.
  const odd = [
    'a`b',
    "it's",
    'dou"ble',
    'sp ace',
    'dot.ted',
    'sl/ash',
    'back\\slash',
    'per%cent',
    'new;\nline',
    'ünïcödé 表',
    'CON',
    'Case',
    'case',
    '-- x',
    'x'.repeat(64),
    '!'.repeat(40),
  ] // prettier-ignore
  const quote = (text: string) => `\`${text.replaceAll('`', '``')}\``
  for (const database of ['we`ird;\ndb', 'Ünï/cödé.1', 'nul']) {
    await all(`CREATE DATABASE ${quote(database)} CHARACTER SET latin1`, `USE ${quote(database)}`)
    for (const table of odd) {
      await run(
        `CREATE TABLE ${quote(table)} (${quote('id;\n`x')} INT PRIMARY KEY, ${quote(table)} VARCHAR(50) COMMENT 'it''s;\n')`,
      )
      await run(`INSERT INTO ${quote(table)} VALUES (1, ?), (2, NULL)`, [table.slice(0, 40)])
    }
    await run(`CREATE VIEW ${quote('v`iew')} AS SELECT * FROM ${quote("it's")}`)
    await run(`CREATE TRIGGER ${quote('tr;\n`x')} BEFORE INSERT ON ${quote('a`b')} FOR EACH ROW SET @x = 1`)
  }
  await all('CREATE DATABASE nothing_in_it CHARACTER SET utf16')

  // Accounts.
  await all(
    "CREATE USER app@'%' IDENTIFIED BY 'se''cret' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5",
    "CREATE USER 'o''dd`'@'10.0.0.0/255.0.0.0' IDENTIFIED VIA mysql_native_password USING '*B69027D44F6E5EDC07F1AEAD1477967B16F28227' ACCOUNT LOCK PASSWORD EXPIRE NEVER",
    'CREATE USER nopassword@localhost',
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
  )

  // Large enough to be cut into ranges, with keys of all kinds.
  await all('CREATE DATABASE large', 'USE large', "SET time_zone = '+00:00'")
  const pad = "REPEAT('some text that is long enough ', 8)"
  await all(
    'CREATE TABLE gaps (id INT PRIMARY KEY AUTO_INCREMENT, pad TEXT)',
    `INSERT INTO gaps SELECT seq, ${pad} FROM seq_1_to_3000`,
    `INSERT INTO gaps SELECT seq * 1000 + 2000000000, ${pad} FROM seq_1_to_3000`,
    'CREATE TABLE big_unsigned (id BIGINT UNSIGNED PRIMARY KEY, pad TEXT)',
    `INSERT INTO big_unsigned SELECT 18446744073709551615 - seq * 1000000007, ${pad} FROM seq_0_to_5000`,
    'CREATE TABLE negative (id INT PRIMARY KEY, pad TEXT)',
    `INSERT INTO negative SELECT CAST(seq AS SIGNED) - 2500, ${pad} FROM seq_0_to_5000`,
    'CREATE TABLE composite (a VARCHAR(20), b DATETIME(3), c DECIMAL(10,2), pad TEXT, PRIMARY KEY (a, b, c))',
    `INSERT INTO composite SELECT CONCAT('it''s ', seq % 7), '2026-01-01' + INTERVAL seq % 100 SECOND, seq / 100, ${pad} FROM seq_0_to_5000`,
    'CREATE TABLE strings (k VARCHAR(40) CHARACTER SET latin1 PRIMARY KEY, pad TEXT)',
    `INSERT INTO strings SELECT CONCAT('Ä\\\\', MD5(seq)), ${pad} FROM seq_0_to_5000`,
    'CREATE TABLE binaries (k BINARY(20) PRIMARY KEY, pad TEXT)',
    `INSERT INTO binaries SELECT UNHEX(SHA1(seq)), ${pad} FROM seq_0_to_5000`,
    'CREATE TABLE uuid_keys (k UUID PRIMARY KEY, pad TEXT)',
    `INSERT INTO uuid_keys SELECT UUID(), ${pad} FROM seq_0_to_3000`,
    'CREATE TABLE unique_only (a INT NOT NULL, b INT NOT NULL, pad TEXT, UNIQUE KEY ab (a, b))',
    `INSERT INTO unique_only SELECT seq % 3, seq, ${pad} FROM seq_0_to_5000`,
    'CREATE TABLE keyless (a INT, pad TEXT)',
    `INSERT INTO keyless SELECT seq, ${pad} FROM seq_0_to_5000`,
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
  await all('ANALYZE TABLE gaps, big_unsigned, negative, composite, strings, binaries, uuid_keys, unique_only, keyless')
}
