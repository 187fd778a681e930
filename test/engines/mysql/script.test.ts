import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { creationOf, grantOf } from '../../../uploader/engines/mysql/definitions/accounts.ts'
import { fileNames } from '../../../uploader/engines/mysql/sql/file-name.ts'
import { Script } from '../../../uploader/engines/mysql/sql/script.ts'
import { readScriptEnd, ScriptReader } from '../../../uploader/engines/mysql/sql/script-reader.ts'
import { fence, fenceSemicolons } from '../../../uploader/engines/mysql/sql/semicolons.ts'
import { seed, times } from '../../support/counts.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-script-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function readAll(bytes: Buffer, bufferSize = 4096): Promise<{ statements: string[]; end: unknown }> {
  const path = join(directory, 'script.sql')
  await writeFile(path, bytes)
  const file = await open(path)
  try {
    const statements: string[] = []
    for await (const statement of new ScriptReader(file, Buffer.alloc(bufferSize)).statements()) {
      const pieces: Buffer[] = []
      for await (const piece of statement.pieces) pieces.push(Buffer.from(piece))
      expect(statement.number).toBe(statements.length + 1)
      expect(statement.length).toBe(Buffer.concat(pieces).length)
      statements.push(Buffer.concat(pieces).toString('latin1'))
    }
    return { statements, end: await readScriptEnd(file) }
  } finally {
    await file.close()
  }
}

const headStatements = 6

test('what a script was given is what a reader with a small buffer finds, whatever is in the statements', async () => {
  const piece = fc.oneof(
    fc.constantFrom(';', ';\n', ';;1', ';;1\n', '\n', 'DELIMITER ;\n', '-- x\n', "'", '`', '\\', 'é'),
    fc.string({ maxLength: 20 }),
  )
  const statement = fc
    .tuple(fc.array(piece, { maxLength: 30 }), fc.constantFrom(1, 1, 1, 500))
    .map(([pieces, repeat]) => `S${pieces.join('').repeat(repeat)}.`)
  await fc.assert(
    fc.asyncProperty(fc.array(statement, { maxLength: 8 }), async given => {
      const script = new Script('test')
      for (const one of given) script.add(one).comment('between\nthem')
      const { statements, end } = await readAll(script.bytes())
      const found = statements.slice(headStatements)
      expect(found.map(withoutFences)).toEqual(given.map(one => Buffer.from(one).toString('latin1')))
      expect(end).toEqual({
        statements: given.length,
        rows: 0,
        largestStatement: Math.max(0, ...found.map(one => one.length)),
      })
    }),
    { seed, numRuns: times(300) },
  )
})

const withoutFences = (text: string) => text.replaceAll(fence, ';')

test.each([
  ['a; b', 1],
  ["a 'x;' b; \"q;'\" c; `n;'` d;\n", 3],
  ["a -- don't; x\n; # it's; x\n; /* it's; */ ; --", 3],
  ["'it''s;' ; '' ; \"\"\"\" ;", 3],
  ["'\\\\' ; '\\n' ;", 2],
  ['a--b; --\nc;', 2],
  ["COMMENT 'a;' /*!50100 PARTITION `b;` */", 0],
])('each ; of %j that a client would see is fenced, and no other', (text, count) => {
  const fenced = fenceSemicolons(Buffer.from(text), 'utf8mb4')!.toString()
  expect(withoutFences(fenced)).toBe(text)
  expect(fenced.split(fence)).toHaveLength(count + 1)
})

test.each([
  ['a backslash that the sql_mode may take for itself', "SELECT '\\'; '"],
  ['quotes that do not end', "a; 'b"],
  ['a comment that does not end', 'a; /* b'],
  ['a comment for some versions', 'a /*!50000 b */;'],
  ['text between dollars', 'AS $$ return 1; $$'],
  ['text between tags', 'AS $js$ return 1; $js$'],
  ['a comment for the server only', 'a --\x01;'],
])('with %s nothing is fenced', (_, text) => {
  expect(fenceSemicolons(Buffer.from(text), 'utf8mb4')).toBeUndefined()
})

test('where a letter may end in a backslash nothing is fenced', () => {
  expect(fenceSemicolons(Buffer.from('a; b'), 'sjis')).toBeUndefined()
  expect(fenceSemicolons(Buffer.from('a b'), 'sjis')!.toString()).toBe('a b')
})

test('one statement with a ; at the end of a line in quotes gives the whole script another delimiter', async () => {
  const script = new Script('test').add('BEGIN a; END').add("SELECT ';\n'").bytes()
  const text = script.toString()
  expect(text).toContain("DELIMITER ;;1\nBEGIN a; END;;1\nSELECT ';\n';;1\nDELIMITER ;\n")
  expect((await readAll(script)).statements.slice(headStatements)).toEqual(['BEGIN a; END', "SELECT ';\n'"])
})

test('a script that was cut off has no end', async () => {
  const bytes = new Script('test').add('SELECT 1').bytes()
  expect((await readAll(bytes)).end).toBeDefined()
  for (const cut of [1, 2, 20, 60])
    expect((await readAll(bytes.subarray(0, -cut)).catch(() => ({ end: undefined }))).end).toBeUndefined()
})

test('file names are distinct on systems that ignore case, short, and without what any system forbids', () => {
  const names = fc.uniqueArray(
    fc.oneof(
      fc.string({ minLength: 1, maxLength: 64 }),
      fc.string({ minLength: 1, maxLength: 64, unit: 'binary' }),
      fc.constantFrom('Case', 'case', 'CASE', 'con', 'CON', 'a.', 'a ', '%41', 'A', 'ǅ', 'ǆ', 'é', 'e\u0301'),
    ),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(names, list => {
      const files = [...fileNames(list).values()]
      expect(new Set(files.map(file => file.normalize('NFC').toLowerCase())).size).toBe(list.length)
      for (const file of files) {
        expect(file).toMatch(/^[\p{L}\p{N}_%~-]+$/u)
        expect(Buffer.byteLength(file)).toBeLessThan(200)
        expect(file).not.toMatch(/^(con|prn|aux|nul)$/i)
      }
    }),
    { seed, numRuns: times(1000) },
  )
})

test('the name of a table can be read back from its file', () => {
  const list = ["it's", 'dou"ble', 'per%cent', 'ünï 表', 'Case', 'case']
  for (const [name, file] of fileNames(list)) expect(decodeURIComponent(file)).toBe(name)
})

test.each([
  ["GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB'", '`u`@`%`', 'GRANT USAGE ON *.* TO `u`@`%`'],
  [
    "GRANT ALL PRIVILEGES ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL WITH GRANT OPTION MAX_USER_CONNECTIONS 5",
    '`u`@`%`',
    'GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION',
  ],
  ['GRANT `r` TO `u`@`%` WITH ADMIN OPTION', '`u`@`%`', 'GRANT `r` TO `u`@`%` WITH ADMIN OPTION'],
  ['GRANT SELECT ON `d`.* TO `other`', '`u`', undefined],
  ['GRANT SELECT ON `d`.* TO `u`@`h2`', '`u`@`h`', undefined],
  ['SET DEFAULT ROLE `r` FOR `u`@`%`', '`u`@`%`', 'SET DEFAULT ROLE `r` FOR `u`@`%`'],
])('of the grant %s of %s remains %s', (line, account, expected) => {
  expect(grantOf(line, account)).toBe(expected)
})

test('an account is created where it is missing, its default roles are left to the grants', () => {
  expect(
    creationOf(
      "CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 DEFAULT ROLE `r1`@`%`,`r2`@`%` REQUIRE NONE PASSWORD EXPIRE DEFAULT",
    ),
  ).toBe(
    "CREATE USER IF NOT EXISTS `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 REQUIRE NONE PASSWORD EXPIRE DEFAULT",
  )
})
