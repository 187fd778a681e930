import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import oracledb from 'oracledb'
import { afterEach, describe, expect, test } from 'vitest'
import { readControlFile } from './files/control-file.ts'
import { OraError } from './ora.ts'
import { backupUser, type Oracle, type OracleOptions, startOracle } from './oracle.ts'
import type { User } from './session/session.ts'

let servers: Oracle[] = []
let connections: oracledb.Connection[] = []
afterEach(async () => {
  for (const connection of connections) if (connection.isHealthy()) await connection.close()
  for (const server of servers) await server.close()
  servers = []
  connections = []
})

async function start(options: OracleOptions = {}): Promise<Oracle> {
  const oracle = await startOracle({ blockSize: 2048, blocks: 8, logBytes: 16_384, ...options })
  servers.push(oracle)
  return oracle
}

async function connect(
  oracle: Oracle,
  more: Partial<oracledb.ConnectionAttributes> = {},
): Promise<oracledb.Connection> {
  const { name, password } = backupUser
  const connectString = oracle.connectString()
  const connection = await oracledb.getConnection({
    user: name,
    password,
    connectString,
    privilege: oracledb.SYSBACKUP,
    ...more,
  })
  connections.push(connection)
  return connection
}

type Row = Record<string, unknown>

async function rows(connection: oracledb.Connection, sql: string, binds: oracledb.BindParameters = {}): Promise<Row[]> {
  const result = await connection.execute<Row>(sql, binds, { outFormat: oracledb.OUT_FORMAT_OBJECT })
  return result.rows!
}

const refusal = (errorNum: number) => expect.objectContaining({ errorNum })

describe('the dictionary', () => {
  test.each([
    `SELECT dbid, name, db_unique_name, log_mode, open_mode, database_role, platform_name, controlfile_type,
            TO_CHAR(current_scn) scn, TO_CHAR(resetlogs_change#) resetlogs_change,
            TO_CHAR(resetlogs_time,'YYYY-MM-DD"T"HH24:MI:SS') resetlogs_time, cdb FROM v$database`,
    'SELECT instance_name, host_name, version, status, parallel, thread#, archiver FROM gv$instance',
    'SELECT incarnation#, TO_CHAR(resetlogs_change#), resetlogs_id, status, prior_incarnation# FROM v$database_incarnation',
    'SELECT con_id, name, open_mode FROM v$containers',
    'SELECT file#, ts#, name, status, enabled, bytes, block_size, TO_CHAR(creation_change#) FROM v$datafile',
    'SELECT t.name, t.ts#, t.bigfile FROM v$tablespace t',
    'SELECT file#, name, bytes FROM v$tempfile',
    'SELECT name, is_recovery_dest_file FROM v$controlfile',
    'SELECT group#, member, type FROM v$logfile',
    'SELECT thread#, TO_CHAR(sequence#), status, enabled FROM v$thread',
    'SELECT group#, thread#, TO_CHAR(sequence#), status, archived FROM v$log',
    "SELECT name, value FROM v$parameter WHERE name IN ('control_files','log_archive_format','db_block_size','spfile')",
    "SELECT dest_id, dest_name, status, target, destination, error FROM v$archive_dest WHERE status <> 'INACTIVE'",
    'SELECT file#, status, TO_CHAR(change#) FROM v$backup',
    'SELECT status, filename FROM v$block_change_tracking',
    'SELECT wrl_type, wrl_parameter, status FROM v$encryption_wallet',
    'SELECT privilege FROM session_privs',
    'SELECT username, sysbackup FROM v$pwfile_users',
  ])('%s', async sql => {
    const connection = await connect(await start())
    expect((await rows(connection, sql)).length).toBeGreaterThan(0)
  })

  test('SCNs come whole as text, whatever their size', async () => {
    const oracle = await start({ firstScn: 2n ** 47n })
    const connection = await connect(oracle)
    const [row] = await rows(connection, 'SELECT TO_CHAR(current_scn) scn FROM v$database')
    expect(row).toEqual({ SCN: String(oracle.database.currentScn) })
    expect(BigInt(row!.SCN as string)).toBeGreaterThan(2n ** 47n)
  })

  test('a column or a view that is not there is refused, and a semicolon at the end', async () => {
    const connection = await connect(await start())
    await expect(rows(connection, 'SELECT nothing FROM v$database')).rejects.toEqual(refusal(904))
    await expect(rows(connection, 'SELECT name FROM v$nothing')).rejects.toEqual(refusal(942))
    await expect(rows(connection, 'SELECT name FROM v$database;')).rejects.toEqual(refusal(911))
  })

  test('who may not see the dictionary is told that there is none', async () => {
    const plain: User = { name: 'PLAIN', password: 'p', administrative: [], privileges: ['CREATE SESSION'] }
    const oracle = await start({ users: [plain] })
    const connection = await connect(oracle, { user: 'plain', password: 'p', privilege: undefined })
    await expect(rows(connection, 'SELECT name FROM v$database')).rejects.toEqual(refusal(942))
    expect(await rows(connection, 'SELECT USER who FROM dual')).toEqual([{ WHO: 'PLAIN' }])
    await expect(rows(connection, 'ALTER DATABASE BEGIN BACKUP')).rejects.toEqual(refusal(1031))
    await expect(rows(connection, 'ALTER SYSTEM SWITCH LOGFILE')).rejects.toEqual(refusal(1031))
    await expect(rows(connection, "CREATE PFILE='/x' FROM SPFILE")).rejects.toEqual(refusal(1031))
    await expect(rows(connection, "CREATE DIRECTORY d AS '/x'")).rejects.toEqual(refusal(1031))
  })

  test('a session of a pluggable database sees its own files alone', async () => {
    const oracle = await start({ pluggable: ['sales'] })
    const root = await connect(oracle)
    const pluggable = await connect(oracle, { connectString: oracle.connectString('sales') })
    const names = "SELECT SYS_CONTEXT('USERENV','CON_NAME') name, COUNT(*) files FROM v$datafile"
    expect(await rows(root, names)).toEqual([{ NAME: 'CDB$ROOT', FILES: 11 }])
    expect(await rows(pluggable, names)).toEqual([{ NAME: 'SALES', FILES: 4 }])
    await expect(pluggable.execute('ALTER SYSTEM SWITCH LOGFILE')).rejects.toEqual(refusal(65_040))
    await root.execute('ALTER SESSION SET CONTAINER = SALES')
    expect(await rows(root, names)).toEqual([{ NAME: 'SALES', FILES: 4 }])
  })
})

describe('backup mode', () => {
  const active = "SELECT file# FROM v$backup WHERE status = 'ACTIVE' ORDER BY file#"

  test('of the database begins once, ends once, and shows in V$BACKUP', async () => {
    const connection = await connect(await start())
    await connection.execute('ALTER DATABASE BEGIN BACKUP')
    expect(await rows(connection, active)).toHaveLength(4)
    await expect(connection.execute('ALTER DATABASE BEGIN BACKUP')).rejects.toEqual(refusal(1146))
    await connection.execute('ALTER DATABASE END BACKUP')
    expect(await rows(connection, active)).toEqual([])
    await expect(connection.execute('ALTER DATABASE END BACKUP')).rejects.toEqual(refusal(1142))
  })

  test('of a tablespace is of its files alone', async () => {
    const connection = await connect(await start())
    await connection.execute('ALTER TABLESPACE "USERS" BEGIN BACKUP')
    expect(await rows(connection, active)).toEqual([{ 'FILE#': 4 }])
    await expect(connection.execute('ALTER TABLESPACE users READ ONLY')).rejects.toEqual(refusal(1150))
    await connection.execute('ALTER TABLESPACE users END BACKUP')
    await expect(connection.execute('ALTER TABLESPACE nothing BEGIN BACKUP')).rejects.toEqual(refusal(959))
    await expect(connection.execute('ALTER TABLESPACE temp BEGIN BACKUP')).rejects.toEqual(refusal(3217))
  })

  test('passes over what is read only or offline, which a tablespace of that kind refuses', async () => {
    const connection = await connect(await start({ tablespaces: ['OLD', 'AWAY'] }))
    await connection.execute('ALTER TABLESPACE old READ ONLY')
    await connection.execute('ALTER TABLESPACE away OFFLINE')
    await connection.execute('ALTER DATABASE BEGIN BACKUP')
    expect(await rows(connection, active)).toHaveLength(4)
    await expect(connection.execute('ALTER TABLESPACE old BEGIN BACKUP')).rejects.toEqual(refusal(1642))
    await expect(connection.execute('ALTER TABLESPACE away BEGIN BACKUP')).rejects.toEqual(refusal(1128))
    expect(await rows(connection, "SELECT name FROM v$datafile WHERE status = 'OFFLINE'")).toHaveLength(1)
  })

  test('needs archived logs', async () => {
    const connection = await connect(await start({ archiveLog: false }))
    await expect(connection.execute('ALTER DATABASE BEGIN BACKUP')).rejects.toEqual(refusal(1123))
    await expect(connection.execute('ALTER SYSTEM ARCHIVE LOG CURRENT')).rejects.toEqual(refusal(258))
  })

  test('outlives the session that began it, and keeps the database from being shut down', async () => {
    const oracle = await start()
    await (await connect(oracle)).execute('ALTER DATABASE BEGIN BACKUP')
    expect(() => oracle.shutdown()).toThrow('ORA-01149')
    const other = await connect(oracle)
    expect(await rows(other, active)).toHaveLength(4)
  })

  test('outlives a crash: the database is mounted, and opened once backup mode is ended', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    await connection.execute('ALTER DATABASE BEGIN BACKUP')
    oracle.crash()
    await expect(connect(oracle)).rejects.toMatchObject({ code: 'NJS-518' })
    expect(() => oracle.startup()).toThrow('ORA-10873: file 1 needs to be either taken out of backup mode')
    const mounted = await connect(oracle)
    expect(await rows(mounted, 'SELECT open_mode FROM v$database')).toEqual([{ OPEN_MODE: 'MOUNTED' }])
    await mounted.execute('ALTER DATABASE END BACKUP')
    await mounted.execute('ALTER DATABASE OPEN')
    expect(await rows(mounted, 'SELECT open_mode FROM v$database')).toEqual([{ OPEN_MODE: 'READ WRITE' }])
  })
})

describe('redo', () => {
  test('ARCHIVE LOG CURRENT archives the current log of every thread to every destination', async () => {
    const oracle = await start({ threads: 2, destinations: 2 })
    const connection = await connect(oracle)
    await connection.execute('ALTER SYSTEM ARCHIVE LOG CURRENT')
    const listed = await rows(
      connection,
      `SELECT thread#, sequence#, dest_id, name, blocks * block_size bytes FROM v$archived_log
       WHERE archived = 'YES' AND resetlogs_change# = (SELECT resetlogs_change# FROM v$database)
       AND (thread# = :t AND sequence# > :last) ORDER BY thread#, sequence#, dest_id`,
      { t: 2, last: 0 },
    )
    expect(listed.map(row => [row['THREAD#'], row['SEQUENCE#'], row.DEST_ID])).toEqual([
      [2, 1, 1],
      [2, 1, 2],
    ])
    for (const { NAME, BYTES } of listed) expect(readFileSync(NAME as string)).toHaveLength((BYTES as number) + 512)
  })

  test('waits while a destination is full, until the client breaks it off or there is room', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    const [destination] = oracle.database.logs.destinations
    destination!.full = true
    connection.callTimeout = 100
    await expect(connection.execute('ALTER SYSTEM ARCHIVE LOG CURRENT')).rejects.toMatchObject({ code: 'NJS-123' })
    connection.callTimeout = 0
    const archiving = connection.execute('ALTER SYSTEM ARCHIVE LOG CURRENT')
    await new Promise(resolve => setTimeout(resolve, 50))
    destination!.full = false
    oracle.database.logs.archive()
    await archiving
    expect(await rows(connection, 'SELECT MAX(sequence#) last FROM v$archived_log')).toEqual([{ LAST: 2 }])
  })

  test('an ordinary user is kept out while nothing can be archived', async () => {
    const plain: User = { name: 'PLAIN', password: 'p', administrative: [], privileges: ['CREATE SESSION'] }
    const oracle = await start({ users: [backupUser, plain] })
    oracle.database.logs.destinations[0]!.full = true
    const asPlain = { user: 'plain', password: 'p', privilege: undefined }
    await expect(connect(oracle, asPlain)).rejects.toEqual(refusal(257))
    await connect(oracle)
  })
})

describe('files that the server writes', () => {
  test('a copy of the control file is of now, is marked as a copy, and replaces nothing unasked', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    const path = join(oracle.database.directory, 'control.bkp')
    await connection.execute(`ALTER DATABASE BACKUP CONTROLFILE TO '${path}'`)
    expect(readControlFile(path)).toMatchObject({ isBackup: true, databaseId: oracle.database.databaseId })
    await expect(connection.execute(`ALTER DATABASE BACKUP CONTROLFILE TO '${path}'`)).rejects.toEqual(refusal(1580))
    await connection.execute(`ALTER DATABASE BACKUP CONTROLFILE TO '${path}' REUSE`)
    const nowhere = "ALTER DATABASE BACKUP CONTROLFILE TO '/nowhere/control.bkp' REUSE"
    await expect(connection.execute(nowhere)).rejects.toEqual(refusal(1580))
  })

  test('a trace names every data file, and has quotes in a path doubled', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    const path = join(oracle.database.directory, "it's.sql")
    await connection.execute(`ALTER DATABASE BACKUP CONTROLFILE TO TRACE AS '${path.replaceAll("'", "''")}' REUSE`)
    const script = readFileSync(path, 'utf8')
    for (const { name } of oracle.database.dataFiles) expect(script).toContain(name)
  })

  test('a text file of parameters is made of the server parameter file, where there is one', async () => {
    const oracle = await start()
    const path = join(oracle.database.directory, 'initSHOP.ora')
    await (await connect(oracle)).execute(`CREATE PFILE='${path}' FROM SPFILE`)
    expect(readFileSync(path, 'utf8')).toContain("*.control_files='")
    const without = await start({ spfile: false })
    const connection = await connect(without)
    await expect(connection.execute(`CREATE PFILE='${path}' FROM SPFILE`)).rejects.toEqual(refusal(1565))
    await connection.execute(`CREATE PFILE='${path}.memory' FROM MEMORY`)
    expect(existsSync(`${path}.memory`)).toBe(true)
  })
})

describe('files that are read through the connection', () => {
  async function openDirectory(oracle: Oracle, connection: oracledb.Connection) {
    const { path } = oracle.database.file(4)
    await connection.execute(`CREATE OR REPLACE DIRECTORY SV_D1 AS '${dirname(path)}'`)
    return path
  }
  const query = "SELECT BFILENAME('SV_D1', :f) AS bf, DBMS_LOB.GETLENGTH(BFILENAME('SV_D1', :f)) AS len FROM dual"

  test('a data file comes slice by slice', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    const path = await openDirectory(oracle, connection)
    const [row] = await rows(connection, query, { f: 'users01.dbf' })
    const bfile = row!.BF as oracledb.Lob
    const slices: Buffer[] = []
    for (let offset = 1; offset <= (row!.LEN as number); offset += 5000)
      slices.push((await bfile.getData(offset, 5000)) as Buffer)
    expect(Buffer.concat(slices)).toEqual(readFileSync(path))
  })

  const far = 5 * 2 ** 30
  const slice = `
    DECLARE
      slice BLOB;
      f BFILE := BFILENAME('SV_D1', :f);
      target INTEGER := 1;
      source INTEGER := :offset;
    BEGIN
      DBMS_LOB.CREATETEMPORARY(slice, FALSE);
      DBMS_LOB.FILEOPEN(f);
      DBMS_LOB.LOADBLOBFROMFILE(slice, f, :amount, target, source);
      DBMS_LOB.FILECLOSE(f);
      :slice := slice;
    END;`

  /** A file with a hole that takes no room, and `end` behind it. */
  async function openFar(oracle: Oracle, connection: oracledb.Connection) {
    const path = await openDirectory(oracle, connection)
    truncateSync(path, far)
    appendFileSync(path, 'end')
  }

  test('the driver itself cannot ask for what lies 4 GiB and more into a file, and its connection goes on', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    await openFar(oracle, connection)
    const [row] = await rows(connection, query, { f: 'users01.dbf' })
    expect(row!.LEN).toBe(far + 3)
    const bfile = row!.BF as oracledb.Lob
    await expect(bfile.getData(2 ** 32, 100)).rejects.toThrow('out of range')
    expect(await bfile.getData(2 ** 32 - 1, 100)).toEqual(Buffer.alloc(100))
  })

  test('a temporary BLOB brings what lies there, and is freed when it is destroyed', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    await openFar(oracle, connection)
    const binds = { f: 'users01.dbf', slice: { dir: oracledb.BIND_OUT, type: oracledb.BLOB } }
    for (let turn = 0; turn < 2; turn++) {
      const { outBinds } = await connection.execute<{ slice: oracledb.Lob }>(slice, {
        ...binds,
        offset: far - 99_996,
        amount: 100_000,
      })
      const lob = outBinds!.slice
      expect(lob.length).toBe(100_000)
      expect(await lob.getData()).toEqual(Buffer.concat([Buffer.alloc(99_997), Buffer.from('end')]))
      expect(await lob.getData(99_998, 10)).toEqual(Buffer.from('end'))
      lob.destroy()
      await connection.ping()
      expect(oracle.temporaryBlobs).toBe(0)
    }
    const behind = connection.execute(slice, { ...binds, offset: far, amount: 100_000 })
    await expect(behind).rejects.toEqual(refusal(22_993))
  })

  test('a directory or a file that is not there, or a symbolic link, is refused', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    const path = await openDirectory(oracle, connection)
    await expect(rows(connection, query, { f: 'nothing.dbf' })).rejects.toEqual(refusal(22_288))
    symlinkSync(path, join(dirname(path), 'link.dbf'))
    await expect(rows(connection, query, { f: 'link.dbf' })).rejects.toEqual(refusal(22_288))
    await connection.execute('DROP DIRECTORY SV_D1')
    await expect(rows(connection, query, { f: 'users01.dbf' })).rejects.toEqual(refusal(22_285))
    await expect(connection.execute('DROP DIRECTORY SV_D1')).rejects.toEqual(refusal(4043))
  })

  test('PL/SQL reads the same bytes in pieces', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    const path = await openDirectory(oracle, connection)
    const block = `
      DECLARE
        f BFILE := BFILENAME('SV_D1', :f);
        amount INTEGER := :amount;
        buffer RAW(32767);
      BEGIN
        DBMS_LOB.FILEOPEN(f);
        DBMS_LOB.READ(f, amount, :offset, buffer);
        DBMS_LOB.FILECLOSE(f);
        :bytes := buffer;
      EXCEPTION WHEN OTHERS THEN
        DBMS_LOB.FILECLOSE(f);
        :bytes := NULL;
      END;`
    const read = async (offset: number) => {
      const { outBinds } = await connection.execute<{ bytes: Buffer | null }>(block, {
        f: 'users01.dbf',
        amount: 1000,
        offset,
        bytes: { dir: oracledb.BIND_OUT, type: oracledb.BUFFER, maxSize: 32_767 },
      })
      return outBinds!.bytes
    }
    expect(await read(1)).toEqual(readSlice(path, 0, 1000))
    expect(await read(4001)).toEqual(readSlice(path, 4000, 1000))
    expect(await read(1_000_001)).toBeNull()
  })

  test('files of ASM are copied out by who may, and are not read where they lie', async () => {
    const executes = { ...backupUser, executes: ['DBMS_FILE_TRANSFER'] }
    const oracle = await start({ users: [executes] })
    const { database } = oracle
    database.file(4).name = '+DATA/SHOP/DATAFILE/users.259.1'
    const staging = join(database.directory, 'staging')
    mkdirSync(staging)
    const connection = await connect(oracle)
    await connection.execute("CREATE DIRECTORY SV_D1 AS '+DATA/SHOP/DATAFILE'")
    await connection.execute(`CREATE DIRECTORY SV_STAGE AS '${staging}'`)
    await expect(rows(connection, query, { f: 'users.259.1' })).rejects.toEqual(refusal(22_288))
    const copy = `BEGIN DBMS_FILE_TRANSFER.COPY_FILE('SV_D1', 'users.259.1', destination_directory_object => 'SV_STAGE',
                  destination_file_name => 'users.dbf'); END;`
    await connection.execute(copy)
    expect(readFileSync(join(staging, 'users.dbf'))).toEqual(readFileSync(database.file(4).path))
    await expect(connection.execute(copy)).rejects.toEqual(refusal(19_504))
    await connection.execute("BEGIN UTL_FILE.FREMOVE('SV_STAGE', 'users.dbf'); END;")
    expect(existsSync(join(staging, 'users.dbf'))).toBe(false)
    executes.executes.length = 0
    await expect(connection.execute(copy)).rejects.toEqual(refusal(6550))
  })
})

function readSlice(path: string, offset: number, length: number): Buffer {
  return readFileSync(path, { flag: 'r' }).subarray(offset, offset + length)
}

describe('who connects', () => {
  const login = (user: Partial<User>): OracleOptions => ({ users: [{ ...backupUser, ...user }] })

  test.each([
    ['an account that is locked', login({ locked: true }), {}, 28_000],
    ['a password that has expired', login({ expired: true }), {}, 28_001],
    ['a wrong password', {}, { password: 'wrong' }, 1017],
    ['an account of release 23 that is locked', { ...login({ locked: true }), release: '23' as const }, {}, 28_000],
    ['a wrong password of release 23', { release: '23' as const }, { password: 'wrong' }, 1017],
    ['a name that nobody has', {}, { user: 'nobody' }, 1017],
    ['a privilege that was not granted', {}, { privilege: oracledb.SYSDBA }, 1031],
    ['who may not connect at all', login({ privileges: [] }), { privilege: undefined }, 1045],
  ])('%s is refused', async (_, options, more, number) => {
    await expect(connect(await start(options), more)).rejects.toEqual(refusal(number))
  })

  test('an ordinary user is kept out while the database is not open', async () => {
    const oracle = await start()
    oracle.database.status = 'MOUNTED'
    await expect(connect(oracle, { privilege: undefined })).rejects.toEqual(refusal(1033))
    await connect(oracle)
  })

  test('a listener that is down, and one that is up again at the same port', async () => {
    const oracle = await start()
    await oracle.stopListening()
    await expect(connect(oracle)).rejects.toMatchObject({ code: 'NJS-503' })
    await oracle.listen()
    await connect(oracle)
  })

  test('a server that demands native network encryption, which the driver does not have', async () => {
    const oracle = await start()
    oracle.demandsEncryption = true
    await expect(connect(oracle)).rejects.toMatchObject({ code: 'NJS-533', message: expect.stringContaining('12660') })
  })

  test('a listener may refuse with any number', async () => {
    const oracle = await start()
    oracle.answers = { refuse: 12_528 }
    await expect(connect(oracle)).rejects.toMatchObject({
      code: 'NJS-511',
      message: expect.stringContaining('ORA-12528'),
    })
  })
})

describe('faults', () => {
  const begin = 'ALTER DATABASE BEGIN BACKUP'

  test('a connection that is lost before a command leaves it undone, one that is lost after it leaves it done', async () => {
    const oracle = await start()
    oracle.faults.add(/BEGIN BACKUP/, 'lost before')
    oracle.faults.add(/BEGIN BACKUP/, 'lost after')
    await expect((await connect(oracle)).execute(begin)).rejects.toMatchObject({ code: 'NJS-500' })
    expect(oracle.database.file(1).backup.active).toBe(false)
    await expect((await connect(oracle)).execute(begin)).rejects.toMatchObject({ code: 'NJS-500' })
    expect(oracle.database.file(1).backup.active).toBe(true)
  })

  test('an error comes as often as it is asked for, after as many calls as are to pass', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    oracle.faults.add(/FROM dual/, new OraError(4031, 'unable to allocate bytes of shared memory'), {
      skip: 1,
      times: 2,
    })
    const ask = () => rows(connection, 'SELECT 1 one FROM dual')
    await ask()
    await expect(ask()).rejects.toEqual(refusal(4031))
    await expect(ask()).rejects.toEqual(refusal(4031))
    expect(await ask()).toEqual([{ ONE: 1 }])
  })

  test('a call that stalls ends when the client gives up', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    oracle.faults.add(/FROM dual/, 'stall')
    connection.callTimeout = 100
    await expect(rows(connection, 'SELECT 1 FROM dual')).rejects.toMatchObject({ code: 'NJS-123' })
    expect(await rows(connection, 'SELECT 2 two FROM dual')).toEqual([{ TWO: 2 }])
  })

  test('a read of a file may be cut short, lost, or have something happen in its midst', async () => {
    const oracle = await start()
    const connection = await connect(oracle)
    const { database } = oracle
    await connection.execute(`CREATE DIRECTORY SV_D1 AS '${dirname(database.file(4).path)}'`)
    const [row] = await rows(connection, "SELECT BFILENAME('SV_D1', 'users01.dbf') bf FROM dual")
    const bfile = row!.BF as oracledb.Lob
    oracle.faults.add(/BFILE READ SV_D1\/users01\.dbf 1 /, { bytes: 10 })
    expect(await bfile.getData(1, 1000)).toHaveLength(10)
    oracle.faults.add(/BFILE READ/, () => database.write(4, 5, 'in between'))
    expect((await bfile.getData(5 * 2048 + 1, 2048)).toString('latin1')).toContain('in between')
    oracle.faults.add(/BFILE READ/, 'lost before')
    await expect(bfile.getData(1, 1000)).rejects.toMatchObject({ code: 'NJS-500' })
  })

  test('every statement is kept, with who sent it', async () => {
    const oracle = await start()
    await rows(await connect(oracle), 'SELECT 1 FROM dual')
    expect(oracle.statements).toEqual([{ sql: 'SELECT 1 FROM dual', user: backupUser.name }])
  })
})
