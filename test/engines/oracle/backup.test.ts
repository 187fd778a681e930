import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeBlocks } from '../../doubles/tns/files/data-file.ts'
import { OraError } from '../../doubles/tns/ora.ts'
import { backupUser } from '../../doubles/tns/oracle.ts'
import { makeReadOnly, takeOffline } from '../../doubles/tns/rules/tablespaces.ts'
import { users, writer } from './samples.ts'
import { active, chain, server, source, start } from './started.ts'

afterEach(async () => {
  await chain?.[Symbol.asyncDispose]()
  await server?.close()
})

describe.each(['local', 'remote'] as const)('files that are read %s', files => {
  beforeEach(() => start({}, { files }))

  it('make a full that is restored to the end of it, and leave nothing on the server', async () => {
    const { write } = writer(server)
    write()
    const taken = await chain.take('full', { onChunk: () => void write() })
    expect(taken.warnings).toEqual([])
    expect(taken.files.map(({ name }) => name.replace(/^[^/]+\//, ''))).toEqual([
      'database.json',
      'init.ora',
      'control.ctl',
      'control.sql',
      'datafiles/0001-system01.dbf',
      'datafiles/0002-sysaux01.dbf',
      'datafiles/0003-undotbs101.dbf',
      'datafiles/0004-users01.dbf',
      expect.stringMatching(/^logs\/1_1_\d+\.arc$/),
    ])
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(Object.keys(got).length).toBeGreaterThan(2)
    expect(got).toEqual(held)
    expect(active()).toEqual([])
    expect(server.database.directories).toEqual([])
    expect(readdirSync(join(server.database.directory, 'exchange'))).toEqual([])
    expect(existsSync(chain.undo)).toBe(false)
  })

  it('make logs that lead on from there, also where they wrote to a file that was made since', async () => {
    const { write } = writer(server)
    await chain.take('full')
    write()
    await chain.take('log')
    server.database.createTablespace('LATER', 8)
    for (let i = 0; i < 12; i++) write()
    const taken = await chain.take('log')
    expect(taken).toMatchObject({ plan: { kind: 'log', promoted: null }, warnings: [] })
    write()
    await chain.take('log')
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(Object.keys(got).some(key => key.startsWith('5:'))).toBe(true)
    expect(got).toEqual(held)
  })

  it('lead to every SCN behind the end of backup mode, and to none before', async () => {
    const { write } = writer(server)
    write()
    const full = await chain.take('full', { onChunk: () => void write() })
    const scns = [write(), write(), write()]
    await chain.take('log')
    scns.push(write())
    await chain.take('log')
    for (const scn of scns) {
      const { got, held } = await chain.restore({ kind: 'latest' }, String(scn + 1n))
      expect(got).toEqual(held)
      expect(held).toEqual(Object.fromEntries(server.database.stateAt(scn)))
    }
    const { endScn } = full.committed.units[0]!.info!
    await expect(chain.report({ kind: 'latest' }, endScn)).rejects.toMatchObject({
      code: 'restore-place',
      why: expect.stringContaining(`behind SCN ${endScn}`),
    })
    const first = await chain.restore({ kind: 'latest' }, String(BigInt(endScn!) + 1n))
    expect(first.got).toEqual(first.held)
  })
})

it('the artefacts are the same to the byte, whichever way files were read', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-oracle-same-'))
  const contents: Record<string, Buffer>[] = []
  for (const files of ['local', 'remote']) {
    rmSync(directory, { recursive: true, force: true })
    await start({ directory, now: () => new Date(Date.UTC(2026, 10, 22, 10)) }, { files })
    const { write } = writer(server)
    for (let i = 0; i < 20; i++) write()
    await chain.take('full')
    for (let i = 0; i < 20; i++) write()
    await chain.take('log')
    contents.push(
      Object.fromEntries(
        chain.taken.flatMap(({ plan, files: staged }) =>
          staged.map(({ name }) => [
            `${plan.kind}/${name.replace(/^[^/]+\//, '')}`,
            readFileSync(join(chain.directory, name)),
          ]),
        ),
      ),
    )
    await chain[Symbol.asyncDispose]()
    await server.close()
  }
  rmSync(directory, { recursive: true, force: true })
  expect(Object.keys(contents[0]!)).toHaveLength(9 + 5)
  expect(contents[1]).toEqual(contents[0])
})

describe('tablespaces one after the other', () => {
  it('are in backup mode only while their own files are copied', async () => {
    await start({ tablespaces: ['ONE', 'TWO'] }, { backupMode: 'tablespace', files: 'remote' })
    const { write } = writer(server)
    let most = 0
    await chain.take('full', {
      before: ({ role }) => {
        if (role === 'data') most = Math.max(most, active().length)
      },
      onChunk: () => void write(),
    })
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(3)
    expect(active()).toEqual([])
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('is what is done where the account may not put the whole database in backup mode', async () => {
    await start()
    // The right is there and the statement is refused all the same: what is left to try is what counts.
    server.faults.add(/^ALTER DATABASE BEGIN/, new OraError(1031, 'insufficient privileges'))
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('oracle-by-tablespace')
    expect(active()).toEqual([])
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })
})

describe('a container database', () => {
  it.each(['database', 'tablespace'])(
    'is backed up with all its pluggable ones, %s by backup mode',
    async backupMode => {
      await start({ pluggable: ['sales', 'closed'] }, { backupMode })
      server.database.containers.find(({ name }) => name === 'CLOSED')!.openMode = 'MOUNTED'
      const { write } = writer(server)
      const sales = server.database.dataFiles.find(({ path }) => path.includes('/sales/users'))!
      write(sales.number)
      const taken = await chain.take('full', { onChunk: () => void write(sales.number) })
      expect(taken.files.filter(({ role }) => role === 'data')).toHaveLength(server.database.dataFiles.length)
      const { got, held } = await chain.restore({ kind: 'latest' })
      expect(got).toEqual(held)
      expect(
        (await chain.report({ kind: 'latest' })).files!.find(({ name }) => name === 'restore.sql')!.content,
      ).toContain('ALTER SESSION SET CONTAINER = "SALES";')
    },
  )
})

describe('two redo threads', () => {
  it('are two units, and the state is that up to which both are known', async () => {
    await start({ threads: 2 })
    const { write } = writer(server)
    write()
    write(users, 2)
    const full = await chain.take('full')
    expect(full.committed.units.map(({ unit }) => unit)).toEqual(['thread 1', 'thread 2'])
    write(users, 2)
    write()
    await chain.take('log')
    write(users, 1)
    await chain.take('log')
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })
})

describe('data files', () => {
  it('that are read only or offline are copied as they stand, without backup mode', async () => {
    await start({ tablespaces: ['OLD', 'AWAY'] })
    const { database } = server
    const { write } = writer(server)
    write()
    for (const name of ['OLD', 'AWAY']) write(database.filesOf(database.tablespace(name)!)[0]!.number)
    makeReadOnly(database, database.tablespace('OLD')!)
    takeOffline(database, database.tablespace('AWAY')!)
    const taken = await chain.take('full')
    const copied = taken.files.filter(({ role }) => role === 'data').map(({ attributes }) => attributes.copied)
    expect(copied.filter(how => how === 'still')).toHaveLength(2)
    const { got, held } = await chain.restore({ kind: 'latest' })
    const away = database.filesOf(database.tablespace('AWAY')!)[0]!.number
    const without = Object.fromEntries(Object.entries(held).filter(([key]) => !key.startsWith(`${away}:`)))
    expect(got).toEqual(without)
  })

  it('that need recovery are copied as they stand, which is said', async () => {
    await start({ tablespaces: ['BROKEN'] })
    const { database } = server
    database.filesOf(database.tablespace('BROKEN')!)[0]!.needsRecovery = true
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([expect.stringMatching(/^oracle-file-to-recover: .*broken01\.dbf/)])
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('that grow while they are copied are no shorter than their own headers say', async () => {
    await start()
    const { write } = writer(server)
    let grown = false
    await chain.take('full', {
      before: ({ name }) => {
        if (grown || !name.includes('users')) return
        grown = true
        server.database.extend(users, 4)
        write(users)
      },
      onChunk: ({ name }) => {
        if (name.includes('users') && server.database.file(users).blocks < 20) server.database.extend(users, 8)
        write(users)
      },
    })
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('that are made while others are copied come from the redo', async () => {
    await start()
    const { write } = writer(server)
    let made = false
    await chain.take('full', {
      onChunk: () => {
        if (made) return
        made = true
        server.database.createTablespace('NEW', 8)
        for (let i = 0; i < 6; i++) write()
      },
    })
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(Object.keys(got).some(key => key.startsWith('5:'))).toBe(true)
    expect(got).toEqual(held)
  })

  it('whose blocks are torn when they are read are whole in the backup', async () => {
    await start({}, { files: 'remote' })
    const finish = server.database.writeHalf(users, 5, 'half')
    setTimeout(finish, 30)
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    const { got } = await chain.restore({ kind: 'latest' })
    expect(got[`${users}:5`]).toBe('half')
  })

  it('with blocks that stay damaged are backed up as they are, which is said', async () => {
    await start()
    const { path } = server.database.file(users)
    writeBlocks(path, Buffer.alloc(102, 0xee), 5 * 2048 + 200)
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toMatch(/oracle-blocks-damaged: .*users01\.dbf: 1 blocks are damaged .*\(5\)/)
    const file = taken.files.find(({ name }) => name.includes('users'))!
    expect(file.attributes.damaged).toBe('5')
    expect(readFileSync(join(chain.directory, file.name)).length).toBe(statSync(path).size)
  })

  it('in ASM are copied out of it by the server, when the source says so', async () => {
    await start({ users: [{ ...backupUser, executes: ['DBMS_FILE_TRANSFER'] }] }, { asm: 'copy', files: 'remote' })
    server.database.file(users).name = '+DATA/SHOP/DATAFILE/users.259.1'
    const { write } = writer(server)
    write(users)
    await chain.take('full', { onChunk: () => void write(users) })
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
    expect(readdirSync(join(server.database.directory, 'exchange'))).toEqual([])
  })
})

describe('parameters', () => {
  it('of a database without a server parameter file are the text file that the source names', async () => {
    await start({ spfile: false })
    const text = join(server.database.directory, 'dbs', 'initshop.ora')
    await chain[Symbol.asyncDispose]()
    await source({ parameterFile: text })
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    const { name } = taken.files.find(file => file.name.endsWith('/init.ora'))!
    expect(readFileSync(join(chain.directory, name))).toEqual(readFileSync(text))
  })

  it('are what is in force where it names none, which is said', async () => {
    await start({ spfile: false })
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('oracle-parameters')
    const { name } = taken.files.find(file => file.name.endsWith('/init.ora'))!
    expect(readFileSync(join(chain.directory, name), 'utf8')).toContain('*.control_files=')
  })

  it('are put together from the dictionary for an account that may not have them written', async () => {
    const user = {
      name: 'BKP',
      password: 'p',
      administrative: [],
      privileges: [
        'CREATE SESSION' as const,
        'SELECT ANY DICTIONARY' as const,
        'ALTER DATABASE' as const,
        'ALTER SYSTEM' as const,
        'ALTER TABLESPACE' as const,
        'CREATE ANY DIRECTORY' as const,
        'DROP ANY DIRECTORY' as const,
      ],
    }
    await start({ users: [user] }, { files: 'remote' })
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    const { name } = taken.files.find(file => file.name.endsWith('/init.ora'))!
    expect(readFileSync(join(chain.directory, name), 'utf8')).toMatch(/^\*\.control_files='.*','.*'$/m)
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })
})

it('further files that the source names come along with a full', async () => {
  await start()
  const path = join(server.database.directory, 'dbs', `spfileshop.ora`)
  await chain[Symbol.asyncDispose]()
  await source({ also: [path] })
  const taken = await chain.take('full')
  expect(taken.files.map(({ name }) => name).filter(name => name.includes('/also/'))).toEqual([
    expect.stringContaining('/also/1-spfileshop.ora'),
  ])
})
