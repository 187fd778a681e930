import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from './client.ts'
import { type SqlServer, startSqlServer } from './server.ts'

let server: SqlServer
let client: Client
beforeAll(async () => {
  server = await startSqlServer()
  server.model.createDatabase('shop')
  client = await Client.connect(server)
})
afterAll(async () => {
  await client[Symbol.asyncDispose]()
  await server.close()
})

describe('an expression', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-7 / 2', -3],
    ['7 % 4', 3],
    ['6 & 3', 2],
    ['6 | 1', 7],
    ['1.50 + 2', 3.5],
    ['1e2', 100],
    ["'a' + N'b'", 'ab'],
    ["'it''s'", "it's"],
    ["N'🦊'", '🦊'],
    ["'🦊'", '??'],
    ['NULL + 1', null],
    ['CONVERT(varchar(10), 42)', '42'],
    ["CAST('42' AS int) + 1", 43],
    ["TRY_CONVERT(int, 'x')", null],
    ["TRY_CAST('7' AS int)", 7],
    ["CONVERT(char(5), 'ab')", 'ab   '],
    ["CONVERT(varchar(3), 'abcdef')", 'abc'],
    ["CONVERT(varchar(5), N'ü→')", 'ü?'],
    ['CONVERT(varchar(30), CONVERT(numeric(25,0), 45000000012300037))', '45000000012300037'],
    ['CONVERT(varchar(20), 12.50)', '12.50'],
    ['CONVERT(varchar(64), 0xABCD, 2)', 'ABCD'],
    ['CONVERT(varchar(64), 0xABCD, 1)', '0xABCD'],
    ["CONVERT(varchar(33), CONVERT(datetime, '2026-11-22T10:15:30.123'), 126)", '2026-11-22T10:15:30.123'],
    ["CONVERT(varchar(33), CONVERT(datetime, '20261122'), 126)", '2026-11-22T00:00:00'],
    ["CONVERT(varchar(19), CONVERT(datetime, '2026-11-22 10:15:30'), 120)", '2026-11-22 10:15:30'],
    ['CONVERT(varchar(33), SYSDATETIMEOFFSET(), 126)', '2026-11-22T10:00:00+01:00'],
    ['DATEPART(tz, SYSDATETIMEOFFSET())', 60],
    ['DATEPART(hour, GETDATE())', 10],
    ['DATEPART(hh, GETUTCDATE())', 9],
    ["DATEDIFF(minute, '2026-11-22T10:00:59', '2026-11-22T10:01:00')", 1],
    ["CONVERT(varchar(33), DATEADD(day, 1, CONVERT(datetime, '2026-11-22')), 126)", '2026-11-23T00:00:00'],
    ['ISNULL(NULL, 5)', 5],
    ["ISNULL(CONVERT(varchar(2), NULL), 'long')", 'lo'],
    ["COALESCE(NULL, NULL, 'third')", 'third'],
    ["NULLIF('a', 'A')", null],
    ["CASE WHEN 1 = 2 THEN 'a' WHEN 1 = 1 THEN 'b' ELSE 'c' END", 'b'],
    ["CASE 3 WHEN 1 THEN 'a' WHEN 3 THEN 'b' END", 'b'],
    ['CASE WHEN NULL = NULL THEN 1 ELSE 0 END', 0],
    ["UPPER('a') + LOWER('B')", 'Ab'],
    ["LEN('abc  ')", 3],
    ["REPLACE('aXbx', 'x', '-')", 'a-b-'],
    ["SUBSTRING('abcdef', 2, 3)", 'bcd'],
    ["LEFT('abcdef', 2) + RIGHT('abcdef', 2)", 'abef'],
    ["CHARINDEX('c', 'abc')", 3],
    ["LTRIM(RTRIM('  a '))", 'a'],
    ["CONCAT('a', NULL, 1)", 'a1'],
    ["QUOTENAME('a]b')", '[a]]b]'],
    ["QUOTENAME('it''s', '''')", "'it''s'"],
    ['ABS(-3)', 3],
    ["SERVERPROPERTY('EngineEdition')", 3],
    ["CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion'))", '16.0.4175.1'],
    ["SERVERPROPERTY('no such property')", null],
    ['@@SERVERNAME', 'DOUBLE'],
    ["DB_ID('shop')", 5],
    ["DB_ID('nowhere')", null],
    ['DB_NAME(1)', 'master'],
    ["HAS_DBACCESS('shop')", 1],
    ["HAS_DBACCESS('nowhere')", null],
    ["DATABASEPROPERTYEX('shop', 'Recovery')", 'FULL'],
    ['(SELECT COUNT(*) FROM sys.databases)', 5],
    ["CASE WHEN EXISTS (SELECT 1 FROM sys.databases WHERE name = 'shop') THEN 1 ELSE 0 END", 1],
    ['/* a /* nested */ comment */ 1 -- and another', 1],
  ])('%s is %s', async (expression, value) => {
    expect(await client.value(`${expression}\n`)).toEqual(value)
  })
})

describe('a condition', () => {
  test.each([
    ["name = 'SHOP '", ['shop']],
    ["name <> 'shop' AND database_id > 3", ['msdb']],
    ["name != N'shop' AND NOT database_id <= 3", ['msdb']],
    ["name IN ('shop', 'msdb')", ['msdb', 'shop']],
    ["name NOT IN ('master', 'tempdb', 'model')", ['msdb', 'shop']],
    ['name IN (SELECT name FROM sys.databases WHERE database_id = 1)', ['master']],
    ["name LIKE 's%' OR name LIKE '_sdb'", ['msdb', 'shop']],
    ["name LIKE '[a-m]a%'", ['master']],
    ["name LIKE '%!_%' ESCAPE '!'", []],
    ['database_id BETWEEN 2 AND 3', ['tempdb', 'model']],
    ['database_id NOT BETWEEN 2 AND 5', ['master']],
    ['source_database_id IS NULL AND database_id = 1', ['master']],
    ['source_database_id IS NOT NULL', []],
    ['source_database_id = NULL', []],
    ['NOT source_database_id = 1', []],
    ['(database_id + 1) * 2 = 4', ['master']],
    ['((database_id = 1) OR (database_id = 2)) AND (1 = 1)', ['master', 'tempdb']],
    ['database_id = @id', ['model']],
    ['source_database_id = 1 OR database_id = 4', ['msdb']],
    ['source_database_id = 1 AND database_id = 4', []],
  ])('%s', async (condition, names) => {
    const rows = await client.rows(`SELECT name FROM sys.databases WHERE ${condition} ORDER BY database_id`, { id: 3 })
    expect(rows.map(row => row.name)).toEqual(names)
  })
})

describe('a query', () => {
  test('joins, and keeps rows without a partner when it is told to', async () => {
    const rows = await client.rows(`
      SELECT d.name, f.name AS [file name] FROM sys.databases AS d
      LEFT JOIN sys.master_files f ON f.database_id = d.database_id AND f.type = 1 AND d.name <> 'model'
      WHERE d.database_id > 2 ORDER BY 1 DESC`)
    expect(rows).toEqual([
      { name: 'shop', 'file name': 'shop_log' },
      { name: 'msdb', 'file name': 'msdb_log' },
      { name: 'model', 'file name': null },
    ])
  })

  test('joins what is equal whatever else is asked', async () => {
    const inner = await client.rows(`
      SELECT d.name FROM sys.databases d JOIN sys.master_files f ON d.database_id = f.database_id
      WHERE f.type = 0 AND f.file_id = 1 ORDER BY d.database_id`)
    expect(inner).toHaveLength(5)
    const cross = await client.rows('SELECT 1 AS one FROM sys.databases a CROSS JOIN sys.databases b')
    expect(cross).toHaveLength(25)
    const unequal = await client.rows(
      'SELECT 1 AS one FROM sys.databases a INNER JOIN sys.databases b ON a.database_id < b.database_id',
    )
    expect(unequal).toHaveLength(10)
  })

  test('applies a function and a query to each row', async () => {
    const rows = await client.rows(`
      SELECT f.name, v.volume_mount_point, x.many FROM sys.master_files f
      CROSS APPLY sys.dm_os_volume_stats(f.database_id, f.file_id) v
      OUTER APPLY (SELECT COUNT(*) AS many FROM sys.master_files g WHERE g.database_id = f.database_id) x
      WHERE f.database_id = DB_ID('shop')`)
    expect(rows).toEqual([
      { name: 'shop', volume_mount_point: '/', many: 2 },
      { name: 'shop_log', volume_mount_point: '/', many: 2 },
    ])
  })

  test('groups, counts and sums', async () => {
    const rows = await client.rows(`
      SELECT database_id, COUNT(*) AS files, SUM(CONVERT(bigint, size)) AS pages, MAX(name) AS last, MIN(file_id) AS first
      FROM sys.master_files GROUP BY database_id HAVING database_id > 3 ORDER BY database_id DESC`)
    expect(rows).toEqual([
      { database_id: 5, files: 2, pages: '2048', last: 'shop_log', first: 1 },
      { database_id: 4, files: 2, pages: '2048', last: 'msdb_log', first: 1 },
    ])
    expect(await client.rows('SELECT MAX(name) AS name, COUNT(*) AS count FROM sys.databases WHERE 1 = 2')).toEqual([
      { name: null, count: 0 },
    ])
    expect(await client.rows('SELECT COUNT(source_database_id) AS count FROM sys.databases')).toEqual([{ count: 0 }])
  })

  test('takes the first rows, different rows, and rows of two queries', async () => {
    const names = async (text: string) => (await client.rows(text)).map(row => row.name)
    expect(await names('SELECT TOP (2) name FROM sys.databases ORDER BY name')).toEqual(['master', 'model'])
    expect(await names('SELECT TOP 1 name FROM sys.databases ORDER BY database_id DESC')).toEqual(['shop'])
    expect(await names('SELECT DISTINCT state_desc AS name FROM sys.databases')).toEqual(['ONLINE'])
    expect(await names("SELECT 'b' AS name UNION ALL SELECT 'a' UNION ALL SELECT 'b' ORDER BY name")).toEqual([
      'a',
      'b',
      'b',
    ])
    expect(
      await names('SELECT source_database_id, name FROM sys.databases ORDER BY source_database_id, name DESC'),
    ).toEqual(['tempdb', 'shop', 'msdb', 'model', 'master'])
  })

  test('has all columns with a star, and those of one table', async () => {
    const [row] = await client.rows(
      'SELECT d.*, 1 AS one FROM sys.database_mirroring m JOIN sys.databases d ON d.database_id = m.database_id',
    )
    expect(Object.keys(row!).slice(0, 2)).toEqual(['name', 'database_id'])
    expect(row).toMatchObject({ one: 1 })
    expect(row).not.toHaveProperty('mirroring_guid')
  })

  test('of 1,000 databases with a join over each is quick', async () => {
    await using large = await startSqlServer()
    for (let at = 0; at < 1000; at++) large.model.createDatabase(`customer ${at}`)
    await using visitor = await Client.connect(large)
    const started = performance.now()
    const rows = await visitor.rows(`
      SELECT d.name, CONVERT(varchar(30), r.last_log_backup_lsn) AS lsn, m.mirroring_role_desc FROM sys.databases d
      LEFT JOIN sys.database_recovery_status r ON r.database_id = d.database_id
      LEFT JOIN sys.database_mirroring m ON m.database_id = d.database_id`)
    expect(rows).toHaveLength(1004)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('a batch', () => {
  test('has variables and tables of its own', async () => {
    const rows = await client.rows(`
      DECLARE @name sysname = N'shop', @id int, @t TABLE (id int, name nvarchar(20) NULL);
      SELECT @id = database_id FROM sys.databases WHERE name = @name;
      INSERT INTO @t (id) VALUES (@id), (@id + 1);
      INSERT @t SELECT database_id, name FROM sys.databases WHERE database_id = 1;
      SET @name = 'none';
      SELECT t.id, t.name, @name AS variable FROM @t t ORDER BY t.id`)
    expect(rows).toEqual([
      { id: 1, name: 'master', variable: 'none' },
      { id: 5, name: null, variable: 'none' },
      { id: 6, name: null, variable: 'none' },
    ])
  })

  test('keeps temporary tables for the next one; a procedure does not', async () => {
    await client.request().batch('CREATE TABLE #kept (a int NOT NULL); INSERT #kept VALUES (1)')
    expect((await client.request().batch('SELECT a FROM #kept; DROP TABLE #kept')).recordset).toEqual([{ a: 1 }])
    const create = 'CREATE TABLE #own (a int); SELECT a FROM #own WHERE a = @a'
    expect(await client.rows(create, { a: 1 })).toEqual([])
    expect(await client.rows(create, { a: 1 })).toEqual([])
    expect(await client.errors('SELECT a FROM #own')).toEqual([208])
    expect(await client.errors('DROP TABLE #own')).toEqual([3701])
    expect(await client.errors('DROP TABLE IF EXISTS #own')).toEqual([])
  })

  test('runs other texts with values of their own', async () => {
    const rows = await client.rows(`
      CREATE TABLE #found (name sysname, n int);
      INSERT #found EXEC sp_executesql N'SELECT name, @n FROM sys.databases WHERE name = @name', N'@name sysname, @n int', @name = N'shop', @n = 2;
      INSERT #found EXEC ('SELECT name, 3 FROM sys.databases WHERE database_id = 1');
      SELECT * FROM #found ORDER BY n`)
    expect(rows).toEqual([
      { name: 'shop', n: 2 },
      { name: 'master', n: 3 },
    ])
    expect(await client.errors('EXEC sp_who')).toEqual([2812])
    expect(await client.errors("EXEC sp_executesql N'SELECT @n', N'@n int'")).toEqual([201])
  })

  test('decides and goes on', async () => {
    expect(await client.rows("IF DB_ID('shop') IS NULL SELECT 1 AS a ELSE BEGIN SELECT 2 AS a; END")).toEqual([
      { a: 2 },
    ])
    expect(await client.rows('IF 1 = 1 SELECT 1 AS a; SET NOCOUNT ON')).toEqual([{ a: 1 }])
    const texts: string[] = []
    const request = client.request()
    request.on('info', info => texts.push(info.message))
    await request.query("PRINT 'said'; USE shop; USE master")
    expect(texts).toEqual(['said', "Changed database context to 'shop'.", "Changed database context to 'master'."])
  })

  test('checks a database', async () => {
    expect(await client.errors('DBCC CHECKDB(@name) WITH NO_INFOMSGS', { name: 'shop' })).toEqual([])
    expect(await client.errors("DBCC CHECKDB(N'nowhere')")).toEqual([911])
  })
})

describe('what the double does not know is refused, never guessed', () => {
  test.each([
    ['SELEC 1', 102],
    ['SELECT 1 FROM', 102],
    ['SELECT (1', 102],
    ['SELECT name FROM sys.databases WHERE', 102],
    ['SELECT name FROM sys.databases WHERE name', 102],
    ['DELETE FROM msdb.dbo.backupset', 102],
    ['SELECT 1 ^ 2', 102],
    ['BACKUP DATABASE shop', 102],
    ["BACKUP DATABASE shop TO TAPE = 'x'", 102],
    ["BACKUP DATABASE shop TO DISK = 'a' + 'b'", 102],
    ["BACKUP DATABASE shop TO DISK = 'x' WITH FORMAT SKIP", 102],
    ['RESTORE HEADERONLY', 102],
    ['SET UNHEARD_OF ON', 102],
    ['ALTER DATABASE shop SET UNHEARD_OF', 102],
    ['ALTER DATABASE shop SET RECOVERY SOMETIMES', 102],
    ["SELECT 'open", 105],
    ['SELECT [open', 105],
    ['SELECT 1 /* open', 113],
    ['DECLARE @a int; DECLARE @a int', 134],
    ['SELECT @nowhere', 137],
    ['SELECT @@NOWHERE', 137],
    ['DECLARE @a int; SELECT @a = 1, 2', 141],
    ['SELECT 1 FROM sys.databases WHERE COUNT(*) > 1', 147],
    ["BACKUP DATABASE shop TO DISK = 'x' WITH UNHEARD_OF", 155],
    ["BACKUP LOG shop TO DISK = 'x' WITH DIFFERENTIAL", 155],
    ["BACKUP DATABASE shop TO DISK = 'x' WITH NO_TRUNCATE", 155],
    ["RESTORE DATABASE shop FROM DISK = 'x' WITH COMPRESSION", 155],
    ['SELECT DATEPART(fortnight, GETDATE())', 155],
    ["SELECT LEN('a', 'b')", 174],
    ['SELECT UNHEARD_OF(1)', 195],
    ['SELECT nope FROM sys.databases', 207],
    ['SELECT d.nope FROM sys.databases d', 207],
    ['SELECT name FROM sys.databases GROUP BY nope', 207],
    ['SELECT name FROM sys.databases ORDER BY nope', 207],
    ['INSERT INTO #t (b) SELECT 1', 208],
    ['SELECT * FROM sys.nowhere', 208],
    ['SELECT * FROM sys.nowhere(1)', 208],
    ['SELECT * FROM msdb.dbo.nothing', 208],
    ['SELECT * FROM dbo.backupset', 208],
    ['SELECT name FROM sys.databases d JOIN sys.master_files f ON f.database_id = d.database_id', 209],
    ['CREATE TABLE #a (a int); INSERT #a VALUES (1, 2)', 213],
    ["SELECT CONVERT(datetime, 'yesterday')", 241],
    ["SELECT CONVERT(datetime, '2026-02-30')", 241],
    ['SELECT CONVERT(geometry, 1)', 243],
    ["SELECT CONVERT(int, 'x')", 245],
    ['SELECT *', 263],
    ["SELECT 'a' - 'b'", 402],
    ['SELECT (SELECT 1 UNION ALL SELECT 2)', 512],
    ['SELECT (SELECT 1, 2)', 116],
    ['SELECT 1 AS a UNION ALL SELECT 2 ORDER BY 1 + 1', 104],
    ['SELECT x.* FROM sys.databases d', 107],
    ['SELECT 1 ORDER BY 2', 108],
    ['USE nowhere', 911],
    ['SELECT * FROM nowhere.sys.database_files', 911],
    ['SELECT * FROM @nowhere', 1087],
    ['CREATE TABLE #b (a int); CREATE TABLE #b (a int)', 2714],
    ["BACKUP DATABASE shop TO DISK = 'x' WITH CHECKSUM, NO_CHECKSUM", 3013],
    ['DROP DATABASE nowhere', 3701],
    ['SELECT x.name FROM sys.databases d', 4104],
    ['ALTER DATABASE nowhere SET ONLINE', 5011],
    ["SELECT CONVERT(numeric(5,0), 'x')", 8114],
    ['SELECT CONVERT(tinyint, 256)', 8115],
    ['SELECT CONVERT(varchar(3), 12345)', 8115],
    ['SELECT CONVERT(numeric(3,0), 12345)', 8115],
    ['SELECT SUM(name) FROM sys.databases', 8117],
    ['SELECT name, COUNT(*) FROM sys.databases', 8120],
    ['SELECT 1 / 0', 8134],
    ["SELECT CONVERT(uniqueidentifier, 'x')", 8169],
    ['SELECT CONVERT(char(10), NEWID())', 8170],
  ])('%s: %i', async (text, number) => {
    await using visitor = await Client.connect(server)
    expect((await visitor.errors(text)).at(-1)).toBe(number)
  })
})
