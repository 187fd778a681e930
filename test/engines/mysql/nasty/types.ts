import { awkward, type Nasty } from './nasty.ts'

/** Values of every type that all servers have, at their edges. Runs in `shop`. */
export async function makeTypes({ run, all }: Nasty): Promise<void> {
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
  ])

  await all(
    `CREATE TABLE places (id INT PRIMARY KEY, g GEOMETRY, p POINT NOT NULL, pg POLYGON, SPATIAL INDEX (p))`,
    `INSERT INTO places VALUES (1, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1e300 -1))'), POINT(1.5, -2.5), NULL),
      (2, NULL, ST_GeomFromText('POINT(39 92)', 4326), ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 0))'))`,
  )
}
