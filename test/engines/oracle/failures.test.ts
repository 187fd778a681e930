import { chmodSync, copyFileSync, existsSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { explainFile } from '../../../uploader/engines/oracle/backup/explain.ts'
import { LocalFiles } from '../../../uploader/engines/oracle/files/local.ts'
import { writeBlocks, writeHeader } from '../../doubles/tns/files/data-file.ts'
import { OraError } from '../../doubles/tns/ora.ts'
import { backupUser, type OracleOptions } from '../../doubles/tns/oracle.ts'
import { beginDatabaseBackup } from '../../doubles/tns/rules/backup-mode.ts'
import type { SystemPrivilege, User } from '../../doubles/tns/session/session.ts'
import { failureOf } from '../mysql/harness.ts'
import { users, writer } from './samples.ts'
import { active, chain, exchange, server, source, start } from './started.ts'

afterEach(async () => {
  await chain?.[Symbol.asyncDispose]()
  await server?.close()
})

const nobody = 65_534

/** Nothing of a run is left on the server, and none is noted to be undone. */
function expectNothingLeft(): void {
  expect(active()).toEqual([])
  expect(server.database.directories).toEqual([])
  expect(exchange()).toEqual([])
  expect(existsSync(chain.undo)).toBe(false)
}

describe('a database that cannot be backed up as it is', () => {
  it('runs in NOARCHIVELOG mode', async () => {
    await start({ archiveLog: false })
    const failure = await failureOf(chain.take('full'))
    expect(failure).toMatch(/^oracle-noarchivelog: .*NOARCHIVELOG.*ALTER DATABASE ARCHIVELOG/)
  })

  it('is a standby', async () => {
    await start()
    server.database.role = 'PHYSICAL STANDBY'
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-standby: .*PHYSICAL STANDBY/)
  })

  it('is mounted only, which says what to do after a crash in backup mode', async () => {
    await start()
    server.database.status = 'MOUNTED'
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-not-open: .*ORA-10873/)
  })

  it('is a pluggable one, reached by mistake', async () => {
    await start({ pluggable: ['sales'] })
    await chain[Symbol.asyncDispose]()
    await source({ connection: { service: 'sales' } })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-not-root: .*SALES/)
  })

  it.each(['local', 'remote'])('has files in ASM, read %s', async files => {
    await start({}, { files })
    server.database.file(users).name = '+DATA/SHOP/DATAFILE/users.259.1'
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-asm: \+DATA.*asm: copy/)
    expectNothingLeft()
  })
})

describe('backup mode that is on already', () => {
  it('is somebody else’s, who is left alone', async () => {
    await start()
    beginDatabaseBackup(server.database, 0)
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-backup-mode-on: /)
    expect(active()).toHaveLength(4)
    expect(existsSync(chain.undo)).toBe(false)
  })

  it('is somebody else’s, who was a moment faster', async () => {
    await start()
    server.faults.add(/^ALTER DATABASE BEGIN/, () => beginDatabaseBackup(server.database, 0))
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-backup-mode-on: /)
    expect(active()).toHaveLength(4)
    expect(existsSync(chain.undo)).toBe(false)
  })
})

describe('a data file', () => {
  it('that is not where the server says, on this machine, ends the run, and backup mode with it', async () => {
    await start()
    const onServer = join(server.database.directory, 'oradata')
    await chain[Symbol.asyncDispose]()
    await source({ paths: [{ server: onServer, here: '/nonexistent' }] })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-file-elsewhere: .*dbf.*paths/)
    expectNothingLeft()
  })

  it('that may not be read', async () => {
    await start({}, { files: 'remote' })
    server.faults.add(
      /BFILE OPEN .*users01/,
      new OraError(22_288, 'file or LOB operation FILEOPEN failed\nPermission denied'),
    )
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-file-denied: .*users01\.dbf/)
    expectNothingLeft()
  })

  it('that the account of failsafe may not read on this machine', async () => {
    await start()
    const { path } = server.database.file(users)
    chmodSync(path, 0)
    // Root may read everything.
    if (process.getuid!() === 0) process.seteuid!(nobody)
    try {
      const denied = await new LocalFiles([]).open(path).catch(error => explainFile(error, 'local'))
      expect(denied).toMatchObject({ code: 'oracle-file-denied', fix: expect.stringContaining('oinstall') })
    } finally {
      if (process.getuid!() === 0) process.seteuid!(0)
    }
  })

  it('that is of another database', async () => {
    await start()
    const file = server.database.file(users)
    const header = server.database.headerOf(file)
    const other = { ...header, identity: { ...header.identity, databaseId: header.identity.databaseId + 1 } }
    const failure = await failureOf(
      chain.take('full', { before: ({ name }) => void (name.includes('users') && writeHeader(file.path, other)) }),
    )
    expect(failure).toMatch(/^oracle-file-wrong: .*its header names the database/)
    expectNothingLeft()
  })

  it('that is an old copy of itself', async () => {
    await start({}, { files: 'remote' })
    const { path } = server.database.file(users)
    copyFileSync(path, `${path}.old`)
    const failure = await failureOf(
      chain.take('full', { before: ({ name }) => void (name.includes('users') && copyFileSync(`${path}.old`, path)) }),
    )
    expect(failure).toMatch(/^oracle-file-wrong: .*stands at SCN/)
    expectNothingLeft()
  })

  it('that is shorter than its header says', async () => {
    await start()
    truncateSync(server.database.file(users).path, 6 * 2048)
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-file-short: /)
    expectNothingLeft()
  })

  it('of a pluggable database that is dropped meanwhile', async () => {
    await start({ pluggable: ['sales'] }, { files: 'remote' })
    const { database } = server
    const drop = () => {
      const gone = database.dataFiles.filter(({ path }) => path.includes('/sales/'))
      for (const file of gone) database.dataFiles.splice(database.dataFiles.indexOf(file), 1)
      rmSync(join(database.directory, 'oradata', 'sales'), { recursive: true, force: true })
    }
    const failure = await failureOf(
      chain.take('full', { before: ({ name }) => void (name.includes('datafiles') && drop()) }),
    )
    expect(failure).toMatch(/^oracle-file-gone: .*sales/)
    expectNothingLeft()
  })
})

describe('staging', () => {
  it('that is full half-way ends the run, and backup mode with it', async () => {
    await start()
    let chunks = 0
    const failure = failureOf(
      chain.take('full', {
        onChunk: () => {
          if (++chunks === 2) throw new Error('no space left on device')
        },
      }),
    )
    expect(await failure).toContain('no space left')
    expectNothingLeft()
  })

  it('that is stopped by a person', async () => {
    await start({}, { files: 'remote' })
    const stop = new AbortController()
    const failure = failureOf(
      chain.take('full', {
        signal: stop.signal,
        onChunk: () => stop.abort(new Error('stopped by a person')),
      }),
    )
    expect(await failure).toContain('stopped by a person')
    expectNothingLeft()
  })
})

describe('a read through the connection', () => {
  beforeEach(() => start({}, { files: 'remote' }))

  it('that gives less than was asked for goes on where it ended', async () => {
    const { write } = writer(server)
    write(users)
    server.faults.add(/BFILE READ .*users01/, { bytes: 777 })
    server.faults.add(/BFILE READ .*users01/, { bytes: 1 })
    await chain.take('full')
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('whose connection is lost is asked once more on another one', async () => {
    server.faults.add(/BFILE READ .*users01/, 'lost before')
    server.faults.add(/BFILE OPEN .*system01/, 'lost after')
    expect((await chain.take('full')).warnings).toEqual([])
    expectNothingLeft()
  })

  it('whose connection is lost again and again fails', async () => {
    server.faults.add(/BFILE READ .*users01/, 'lost before', { times: 9 })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-lost: /)
    expectNothingLeft()
  })
})

describe('archiving', () => {
  it('that hangs because a destination is full is given up, and says which one', async () => {
    await start()
    server.faults.add(/^ALTER DATABASE END/, () => {
      server.database.logs.destinations[0]!.full = true
    })
    const failure = await failureOf(chain.take('full', { options: { times: { archive: 100 } } }))
    expect(failure).toMatch(/^oracle-archiver-stuck: .*LOG_ARCHIVE_DEST_1: ORA-19502/)
    expectNothingLeft()
  })
})

describe('an archived log', () => {
  it('whose first copy is gone is read from the second one', async () => {
    await start({ destinations: 2 })
    const { write } = writer(server)
    write()
    await chain.take('full')
    write()
    await chain.take('log', {
      before: ({ role }) => {
        const first = server.database.logs.archived.findLast(({ destination }) => destination === 1)!
        if (role === 'log') rmSync(first.name!, { force: true })
      },
    })
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('whose first copy is damaged in the middle goes on from there with the second one', async () => {
    await start({ destinations: 2, logBytes: 65_536 })
    const { write } = writer(server)
    await chain.take('full')
    for (let i = 0; i < 40; i++) write()
    const taken = await chain.take('log', {
      before: ({ role }) => {
        const first = server.database.logs.archived.findLast(({ destination }) => destination === 1)!
        if (role === 'log') writeBlocks(first.name!, Buffer.alloc(66, 0xee), 5 * 512 + 100)
      },
    })
    expect(taken.plan.kind).toBe('log')
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('that is deleted between the list and its copy makes the run a full', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    let gone = false
    const taken = await chain.take('log', {
      before: ({ role }) => {
        if (role !== 'log' || gone) return
        gone = true
        const log = server.database.logs.archived.at(-1)!
        rmSync(log.name!)
        Object.assign(log, { name: null, deleted: true, status: 'D' })
      },
    })
    expect(taken).toMatchObject({ promoted: 'LOG_GONE', plan: { kind: 'full' } })
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('of a full that is deleted before it is copied fails the run: without it the copies are worth nothing', async () => {
    await start()
    const failure = await failureOf(
      chain.take('full', {
        before: ({ role }) => {
          if (role === 'log') rmSync(server.database.logs.archived.at(-1)!.name!)
        },
      }),
    )
    expect(failure).toMatch(/^oracle-log-gone: /)
    expectNothingLeft()
  })
})

describe('an account', () => {
  const user = (more: Partial<User>): OracleOptions => ({ users: [{ ...backupUser, ...more }] })

  it.each([
    ['that is locked', user({ locked: true }), {}, 'oracle-account-locked'],
    ['whose password has expired', user({ expired: true }), {}, 'oracle-password-expired'],
    ['that nobody has', {}, { user: 'nobody' }, 'oracle-login-refused'],
    ['that may not log on as SYSDBA', {}, { as: 'sysdba' }, 'oracle-missing-right'],
    [
      'that may not log on at all',
      user({ privileges: [], administrative: [] }),
      { as: 'none' },
      'oracle-missing-right',
    ],
  ])('%s is told so by a code of its own', async (_, options, connection, code) => {
    await start(options, { connection })
    expect(await failureOf(chain.take('full'))).toMatch(new RegExp(`^${code}: `))
  })

  const all: SystemPrivilege[] = [
    'CREATE SESSION',
    'SELECT ANY DICTIONARY',
    'ALTER DATABASE',
    'ALTER SYSTEM',
    'ALTER TABLESPACE',
    'CREATE ANY DIRECTORY',
    'DROP ANY DIRECTORY',
  ]
  it.each(['SELECT ANY DICTIONARY', 'ALTER DATABASE', 'ALTER SYSTEM', 'CREATE ANY DIRECTORY'] as const)(
    'that lacks %s is told so, and the database is left as it was',
    async right => {
      const plain: User = {
        name: 'BKP',
        password: 'p',
        administrative: [],
        privileges: all.filter(each => each !== right),
      }
      await start({ users: [plain] }, { files: 'remote' })
      expect(await failureOf(chain.take('full'))).toMatch(/^oracle-missing-right: .*failsafe doctor/)
      expect(active()).toEqual([])
      expect(existsSync(chain.undo)).toBe(false)
    },
  )

  it.each([
    ['the script of the control file', /CONTROLFILE TO TRACE/],
    ['a file to be read', /^SELECT BFILENAME/],
    ['the archived logs to be seen', /FROM v\$archived_log/],
  ])('that is refused %s is told so, and the database is left as it was', async (_, at) => {
    await start({}, { files: 'remote' })
    server.faults.add(at, new OraError(1031, 'insufficient privileges'), { times: 99 })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-missing-right: .*failsafe doctor/)
    expect(active()).toEqual([])
    expect(existsSync(chain.undo)).toBe(false)
  })

  it.each([
    ['END BACKUP of all at once', /^ALTER DATABASE END/, /^$/],
    ['the removal of what the server wrote', /FREMOVE/, /^oracle-left-behind: /],
  ])('that is refused %s has its backup, and nothing in backup mode', async (_, at, warned) => {
    await start({}, { files: 'remote' })
    server.faults.add(at, new OraError(1031, 'insufficient privileges'), { times: 99 })
    expect((await chain.take('full')).warnings.join('\n')).toMatch(warned)
    expect(active()).toEqual([])
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  const common: User = { name: 'C##BKP', password: 'p', administrative: [], privileges: all }

  it('that sees the root alone is told so: the files of the pluggable databases would be missing', async () => {
    await start({ pluggable: ['sales'], users: [common] })
    expect(await failureOf(chain.take('full'))).toMatch(
      /^oracle-containers-unseen: .*ALTER USER C##BKP SET CONTAINER_DATA = ALL CONTAINER = CURRENT/,
    )
    expectNothingLeft()
  })

  it('that sees all containers backs up all of them, without an administrative privilege', async () => {
    await start({ pluggable: ['sales'], users: [{ ...common, containerData: 'ALL' }] })
    const { files } = await chain.take('full')
    expect(files.filter(({ role }) => role === 'data')).toHaveLength(server.database.dataFiles.length)
    expectNothingLeft()
  })

  it('that may make directories and not drop them leaves some that lead nowhere, always the same', async () => {
    const plain: User = {
      name: 'BKP',
      password: 'p',
      administrative: [],
      privileges: all.filter(each => each !== 'DROP ANY DIRECTORY'),
    }
    await start({ users: [plain] }, { files: 'remote' })
    expect((await chain.take('full')).warnings).toEqual([])
    const left = [...server.database.directories]
    expect(left.length).toBeGreaterThan(0)
    for (const { path } of left) expect(path).toBe(chain.settings.directory)
    expect((await chain.take('full')).warnings).toEqual([])
    expect(server.database.directories).toEqual(left)
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })
})

describe('a server that is not reached', () => {
  it('has no listener', async () => {
    await start()
    await server.stopListening()
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-unreachable: /)
  })

  it('knows no such service', async () => {
    await start({}, { connection: { service: 'other' } })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-service: .*knows no service other/)
  })

  it('knows no such SID', async () => {
    await start({}, { connection: { service: undefined, sid: 'other' } })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-service: .*knows no SID other/)
  })

  it('demands native network encryption', async () => {
    await start()
    server.demandsEncryption = true
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-native-encryption: /)
  })

  it('is of a release that the driver does not speak with', async () => {
    await start({ release: '11.2' })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-too-old: .*12\.1/)
  })
})

describe('releases', () => {
  it.each(['12.1', '12.2', '19', '21', '23'] as const)('%s is backed up and restored, both ways', async release => {
    for (const files of ['local', 'remote']) {
      await start({ release }, { files })
      const { write } = writer(server)
      write()
      await chain.take('full', { onChunk: () => void write() })
      write()
      await chain.take('log')
      const { got, held } = await chain.restore({ kind: 'latest' })
      expect(got).toEqual(held)
      await chain[Symbol.asyncDispose]()
      await server.close()
    }
  })
})

describe('what a killed run has left on the server', () => {
  it('directories are dropped when the next one begins', async () => {
    await start({}, { files: 'remote' })
    await failureOf(
      chain.take('full', {
        killed: true,
        onChunk: () => {
          throw new Error('killed')
        },
      }),
    )
    expect(server.database.directories.length).toBeGreaterThan(0)
    await chain.recover()
    await chain.take('full')
    expectNothingLeft()
  })
})

describe('an encrypted database', () => {
  it('is backed up, with a warning that its keystore is not', async () => {
    await start()
    server.keystore = 'OPEN'
    expect((await chain.take('full')).warnings.join()).toMatch(/oracle-keystore: .*wallet/)
  })
})
