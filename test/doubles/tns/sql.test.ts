import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed, times } from '../../support/counts.ts'
import { perform } from './commands/perform.ts'
import { Database } from './model/database.ts'
import { backupUser } from './oracle.ts'
import type { Bind } from './server.ts'
import { Blobs } from './session/blobs.ts'
import { ServerFiles } from './session/files.ts'
import type { SessionState } from './session/session.ts'
import type { Value } from './value.ts'

let directory: string
let database: Database
/** Of 28 November in UTC; the database is in Kabul, where it is half past three of the next day. */
const now = new Date('2026-11-28T23:00:00.250Z')

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'failsafe-oracle-sql-'))
  database = new Database({ directory, blockSize: 2048, blocks: 4, now: () => now, offsetMinutes: 270 })
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function run(sql: string, ...values: Value[]) {
  const session: SessionState = {
    database,
    user: backupUser,
    as: 'SYSDBA',
    users: [backupUser],
    version: '19.0.0.0.0',
    banner: '',
    wallet: { path: '', status: 'NOT_AVAILABLE' },
    id: 1,
    serial: 1,
    thread: 1,
    service: 'shop',
    container: 0,
  }
  const binds: Bind[] = values.map(value => ({ value, type: typeof value === 'string' ? 'VARCHAR2' : 'NUMBER' }))
  const files = new ServerFiles(session)
  const answer = await perform({ session, files, blobs: new Blobs() }, { sql, binds }, new AbortController().signal)
  return answer.kind === 'rows' ? answer : { columns: [], rows: [] }
}

/** The one value of a SELECT of one expression. */
async function value(expression: string, ...binds: Value[]): Promise<Value> {
  return (await run(`SELECT ${expression} FROM dual`, ...binds)).rows[0]![0]!
}

describe('expressions', () => {
  test.each<[string, Value]>([
    ['1 + 2 * 3 - 4 / 2', 5n],
    ['7 / 2', 3.5],
    ['-(2 - 5)', 3n],
    ["'a' || NULL || 1", 'a1'],
    ["''", null],
    ["q'[it's]'", "it's"],
    ["NVL('', 'x')", 'x'],
    ["DECODE(NULL, 1, 'one', NULL, 'none', 'other')", 'none'],
    ["CASE WHEN NULL = NULL THEN 'same' ELSE 'unknown' END", 'unknown'],
    ["CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", 'two'],
    ["SUBSTR('/u01/oradata/users01.dbf', INSTR('/u01/oradata/users01.dbf', '/', -1) + 1)", 'users01.dbf'],
    ['TO_CHAR(18446744073709551615)', '18446744073709551615'],
    ['9007199254740993 + 1', 9_007_199_254_740_994n],
    ["TO_NUMBER('12') * '2'", 24n],
    ["COALESCE(NULL, '', 'last')", 'last'],
    ["GREATEST('a', 'b', 'B')", 'b'],
    ["CAST(12 AS VARCHAR2(10)) || '!'", '12!'],
    ['TO_CHAR(SYSDATE, \'YYYY-MM-DD"T"HH24:MI:SS\')', '2026-11-29T03:30:00'],
    ["TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD HH24:MI:SS.FF3 TZH:TZM')", '2026-11-29 03:30:00.250 +04:30'],
    ["TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'HH24:MI')", '23:00'],
    ["TO_CHAR(CAST(SYSTIMESTAMP AS DATE), 'DD-MON-RR HH:MI AM')", '29-NOV-26 03:30 AM'],
    [
      "TO_CHAR(TO_DATE('2026-02-28 23:59:59', 'YYYY-MM-DD HH24:MI:SS') + 1/86400, 'YYYY-MM-DD HH24:MI:SS')",
      '2026-03-01 00:00:00',
    ],
    ["TO_DATE('2026-03-01', 'YYYY-MM-DD') - TO_DATE('2026-02-27', 'YYYY-MM-DD')", 2n],
    ['DBTIMEZONE', '+04:30'],
    ["SYS_CONTEXT('USERENV', 'DB_NAME')", 'shop'],
    ['(SELECT MAX(file#) FROM v$datafile)', 4n],
  ])('%s', async (expression, expected) => {
    expect(await value(expression)).toEqual(expected)
  })

  test.each<[string, number]>([
    ['1 / 0', 1476],
    ["1 + 'x'", 1722],
    ["TO_DATE('x', 'YYYY')", 1861],
    ["TO_CHAR(SYSDATE, 'YYYY-QX')", 1821],
    ['NVL(1)', 938],
    ['NVL(1, 2, 3)', 939],
    ['NO_SUCH_FUNCTION(1)', 904],
    ['(SELECT file# FROM v$datafile)', 1427],
    ['1 +', 936],
    ['(1', 907],
    ["'x", 1756],
    [':a', 1008],
    ['COUNT(*) + file#', 904],
  ])('%s is refused with ORA-%i', async (expression, number) => {
    await expect(value(expression)).rejects.toMatchObject({ number })
  })

  test.each<[string, boolean]>([
    ['NULL IN (1, NULL)', false],
    ['1 IN (2, NULL)', false],
    ['NOT 1 IN (2, NULL)', false],
    ['1 NOT IN (2, 3)', true],
    ["'a_b' LIKE 'a!_b' ESCAPE '!'", true],
    ["'axb' LIKE 'a!_b' ESCAPE '!'", false],
    ["'/u01/(x)/a.dbf' LIKE '/u01/(x)/%.dbf'", true],
    ['2 BETWEEN 1 AND 3', true],
    ['2 NOT BETWEEN NULL AND 3', false],
    ['NULL IS NULL AND 1 IS NOT NULL', true],
    ['NULL = 1 OR 1 = 1', true],
    ["'10' > 9", true],
    ["'10' > '9'", false],
    ['EXISTS (SELECT 1 FROM v$datafile d WHERE d.file# = 4)', true],
  ])('WHERE %s', async (condition, passes) => {
    expect((await run(`SELECT 1 FROM dual WHERE ${condition}`)).rows).toHaveLength(passes ? 1 : 0)
  })
})

describe('queries', () => {
  const column = async (sql: string, ...binds: Value[]) => (await run(sql, ...binds)).rows.map(([first]) => first)

  test('sources are joined, and what has no match stays with LEFT JOIN', async () => {
    const names = 'SELECT t.name || f.file# FROM v$tablespace t'
    expect(await column(`${names} JOIN v$datafile f ON f.ts# = t.ts# AND f.file# > 2 ORDER BY 1`)).toEqual([
      'UNDOTBS13',
      'USERS4',
    ])
    expect(await column(`${names} LEFT JOIN v$datafile f ON f.ts# = t.ts# AND f.file# > 3 ORDER BY 1`)).toEqual([
      'SYSAUX',
      'SYSTEM',
      'UNDOTBS1',
      'USERS4',
    ])
    expect(await column('SELECT COUNT(*) FROM v$tablespace, v$datafile')).toEqual([16n])
  })

  test('rows are counted before they are put in order', async () => {
    expect(await column('SELECT file# FROM v$datafile WHERE ROWNUM <= 2 ORDER BY file# DESC')).toEqual([2n, 1n])
    expect(await column('SELECT file# FROM v$datafile WHERE ROWNUM > 1')).toEqual([])
    expect(await column('SELECT file# FROM v$datafile ORDER BY file# DESC FETCH FIRST 2 ROWS ONLY')).toEqual([4n, 3n])
    const inner = 'SELECT file# n FROM v$datafile ORDER BY file# DESC'
    expect(await column(`SELECT n FROM (${inner}) WHERE ROWNUM <= 2`)).toEqual([4n, 3n])
  })

  test('groups are made, and those that HAVING does not want are left out', async () => {
    const { columns, rows } = await run(
      `SELECT MOD(file#, 2) odd, COUNT(*), MAX(file#) last FROM v$datafile GROUP BY MOD(file#, 2) HAVING SUM(file#) > 4 ORDER BY odd`,
    )
    expect(columns.map(({ name }) => name)).toEqual(['ODD', 'COUNT(*)', 'LAST'])
    expect(rows).toEqual([[0n, 2n, 4n]])
    expect(await column("SELECT COUNT(*) FROM v$datafile WHERE name = 'none'")).toEqual([0n])
    expect(await column("SELECT MAX(file#) FROM v$datafile WHERE name = 'none'")).toEqual([null])
  })

  test('DISTINCT and UNION take what is double once', async () => {
    expect(await column('SELECT DISTINCT status FROM v$datafile ORDER BY 1')).toEqual(['ONLINE', 'SYSTEM'])
    expect(await column('SELECT 1 FROM dual UNION ALL SELECT 1 FROM dual')).toEqual([1n, 1n])
    expect(await column('SELECT 2 n FROM dual UNION SELECT 1 FROM dual UNION SELECT 2 FROM dual ORDER BY n')).toEqual([
      1n,
      2n,
    ])
  })

  test('NULL comes last, unless the order is turned or says otherwise', async () => {
    const values = 'SELECT 1 n FROM dual UNION ALL SELECT NULL FROM dual UNION ALL SELECT 2 FROM dual ORDER BY n'
    expect(await column(values)).toEqual([1n, 2n, null])
    expect(await column(`${values} DESC`)).toEqual([null, 2n, 1n])
    expect(await column(`${values} NULLS FIRST`)).toEqual([null, 1n, 2n])
  })

  test('each bind variable has its own value, in the order of the statement', async () => {
    expect(await column('SELECT :a || :b || :a FROM dual', 'x', 'y', 'z')).toEqual(['xyz'])
  })

  test('names are looked up before any row is there', async () => {
    const none = "FROM v$archived_log a, v$log b WHERE a.name = 'none'"
    await expect(run(`SELECT nothing ${none}`)).rejects.toMatchObject({ number: 904 })
    await expect(run(`SELECT thread# ${none}`)).rejects.toMatchObject({ number: 918 })
    await expect(run(`SELECT a.thread# ${none} ORDER BY nothing`)).rejects.toMatchObject({ number: 904 })
    await expect(run('SELECT name FROM v$archived_log ORDER BY 2')).rejects.toMatchObject({ number: 1785 })
    expect((await run(`SELECT a.first_time, a.name, a.thread# ${none}`)).columns.map(({ type }) => type)).toEqual([
      'DATE',
      'VARCHAR2',
      'NUMBER',
    ])
  })

  test.each<[string, number]>([
    ['SELEC 1 FROM dual', 900],
    ['SELECT 1', 923],
    ['SELECT 1 FROM dual WHERE', 936],
    ['SELECT 1 FROM dual GROUP file#', 933],
    ['SELECT 1 FROM dual WHERE 1', 920],
    ['ALTER DATABASE', 2231],
    ['ALTER DATABASE BEGIN BACKUP NOW', 933],
    ['ALTER SYSTEM FLUSH', 2065],
    ['ALTER TABLESPACE users', 2142],
    ['CREATE TABLE t (a NUMBER)', 901],
    ['DROP TABLE t', 950],
    ['BEGIN nothing.at_all(1); END;', 6550],
    ['BEGIN NULL; END', 6550],
  ])('%s is refused with ORA-%i', async (sql, number) => {
    await expect(run(sql)).rejects.toMatchObject({ number })
  })

  test('whatever stands between quotes comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async text => {
        expect(await value(`'${text.replaceAll("'", "''")}'`)).toBe(text)
      }),
      { seed, numRuns: times(1000) },
    )
  })
})
