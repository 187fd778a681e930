import { expect, test } from 'vitest'
import { refusal } from '../../../uploader/engines/mysql/sql/refusal.ts'
import { ServerError } from '../../../uploader/engines/mysql/wire/server-error.ts'

const refused = new ServerError(1396, 'HY000', 'Operation CREATE USER failed')

test.each([
  [
    "CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*SECRET' REQUIRE NONE",
    "CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '…'",
  ],
  [
    "CREATE USER 'a'@'%' IDENTIFIED VIA mysql_native_password USING '*SECRET' OR ed25519 USING 'SECRET'",
    "CREATE USER 'a'@'%' IDENTIFIED VIA mysql_native_password USING '…' OR ed25519 USING '…'",
  ],
  [
    "ALTER USER 'a'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$x\\'y''SECRET\nSECRET' REPLACE \"SECRET\"",
    "ALTER USER 'a'@'%' IDENTIFIED WITH '…' AS '…' REPLACE '…'",
  ],
  ['CREATE USER `a`@`%` IDENTIFIED WITH p AS 0x5EC2E7 REQUIRE NONE', 'IDENTIFIED WITH p AS '],
  ["SET PASSWORD FOR 'a'@'%'='*SECRET'", "SET PASSWORD FOR 'a'@'%'='…'"],
  ["CREATE SERVER `s` FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST 'h', PASSWORD 'SECRET')", "PASSWORD '…')"],
])('of %j no secret is shown, and the rest is', (statement, shown) => {
  const text = refusal(statement, refused)
  expect(text).toContain(shown)
  expect(text).not.toMatch(/SECRET|5EC2E7/)
  expect(text).toContain(': error 1396: Operation CREATE USER failed')
})

test('nor is it where the server quotes it', () => {
  const error = new ServerError(
    1064,
    '42000',
    "You have an error in your SQL syntax near 'PASSWORD '*SECRET'' at line 1",
  )
  expect(refusal("CREATE USER a IDENTIFIED BY PASSWORD '*SECRET'", error)).not.toContain('SECRET')
})

test('a statement without any is shown as it is', () => {
  expect(refusal("CREATE FUNCTION f RETURNS STRING SONAME 'lib.so'", refused)).toContain("SONAME 'lib.so'")
})
