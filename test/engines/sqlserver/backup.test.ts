import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { BackupChain } from './chain.ts'
import { everyStatement } from './every-statement.ts'

let server: SqlServer
let chain: BackupChain
const name = 'Sales'

beforeEach(async () => {
  server = await startSqlServer()
  server.model.createDatabase(name)
  server.model.write(name, { a: '1' })
  chain = await BackupChain.of(server)
})
afterEach(async () => {
  await chain[Symbol.asyncDispose]()
  await server.close()
})

describe('a full backup', () => {
  it('holds every database, each a file that the server wrote, and a line for each', async () => {
    const { committed, files, results, warnings } = await chain.take('full')
    expect(warnings).toEqual([])
    expect(committed.units.map(({ unit }) => unit)).toEqual(['master', 'model', 'msdb', name])
    expect(Object.values(results).map(({ database, result }) => `${database} ${result}`)).toEqual([
      'master backed-up',
      'tempdb left-out',
      'model backed-up',
      'msdb backed-up',
      `${name} backed-up`,
    ])
    const { name: file } = files.find(({ unit }) => unit === name)!
    const head = Buffer.alloc(4)
    const handle = await open(join(chain.directory, file))
    await handle.read(head, 0, 4, 0)
    await handle.close()
    expect(head.toString()).toBe('TAPE')
  })

  it('leaves nothing in the exchange directory, and no more there meanwhile than databases are in flight', async () => {
    for (let n = 0; n < 10; n++) server.model.createDatabase(`more ${n}`)
    let most = 0
    await chain.take('full', {
      async before() {
        most = Math.max(most, (await chain.exchange()).length)
      },
    })
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(chain.settings.parallel)
    expect(await chain.exchange()).toEqual([])
  })

  it('keeps LSNs as text, to the last digit, and the times of the server', async () => {
    const { committed } = await chain.take('full')
    const set = committed.units.find(({ unit }) => unit === name)!
    expect(set.to.at).toMatch(/^\d{25}$/)
    expect(BigInt(set.to.at)).toBe(BigInt(server.model.database(name).log.lsn))
    expect(set.covers.to).toMatch(/^2026-11-22T10:00:\d\d\+01:00$/)
  })

  it('reports how far it is from the messages of the server', async () => {
    const written: number[] = []
    await chain.take('full', { written: bytes => written.push(bytes) })
    expect(written.length).toBeGreaterThan(10)
    expect(written).toEqual(written.toSorted((a, b) => a - b))
  })

  it('verifies each file before it is sealed', async () => {
    await chain.take('full')
    const texts = server.statements.map(({ text }) => text)
    const count = (start: string) => texts.filter(text => text.startsWith(start)).length
    expect(count('BACKUP DATABASE')).toBe(4)
    expect(count('RESTORE VERIFYONLY FROM DISK = @file WITH CHECKSUM')).toBe(4)
  })
})

describe('the statements that arrive', () => {
  it('are those that are listed, whatever is done', async () => {
    await chain.take('full')
    server.model.write(name, { b: '2' })
    await chain.take('log')
    await chain.take('differential')
    await using target = await startSqlServer()
    await chain.restore(target, { kind: 'latest' }, { units: [name] })
    const known = new Set(everyStatement())
    const ours = [...server.statements, ...target.statements]
      .filter(({ programName }) => programName.startsWith('failsafe'))
      .map(({ text }) => text)
      .filter(text => !/^set |^SELECT 1/i.test(text) && !text.includes('MOVE'))
    expect(ours.length).toBeGreaterThan(50)
    expect(ours.filter(text => !known.has(text))).toEqual([])
  })
})

describe('names of databases', () => {
  it.each([
    'a]b',
    "it's",
    'say "x"',
    'with  spaces',
    'trailing.',
    '🦆 Ünïcode 数据库',
    'x'.repeat(128),
    '🦆'.repeat(64),
    "'; DROP DATABASE Sales; --",
    '%$(folder)',
  ])('%j is backed up, logged and restored as it is', async odd => {
    server.model.createDatabase(odd)
    server.model.write(odd, { key: odd })
    await chain.take('full')
    server.model.write(odd, { after: 'the full' })
    expect((await chain.take('log')).committed.units.map(({ unit }) => unit)).toContain(odd)
    await using target = await startSqlServer()
    await chain.restore(target, { kind: 'latest' }, { units: [odd] })
    expect(target.model.content(odd)).toEqual({ key: odd, after: 'the full' })
  })

  it('that differ in case alone are two databases on a server that tells them apart', async () => {
    await using sensitive = await startSqlServer({ caseSensitive: true })
    sensitive.model.createDatabase('shop')
    sensitive.model.createDatabase('SHOP')
    sensitive.model.write('shop', { a: 'small' })
    sensitive.model.write('SHOP', { a: 'LARGE' })
    await using both = await BackupChain.of(sensitive)
    const { files } = await both.take('full')
    expect(new Set(files.map(({ name }) => name.toLowerCase())).size).toBe(files.length)
    await using target = await startSqlServer({ caseSensitive: true })
    await both.restore(target, { kind: 'latest' }, { units: ['shop', 'SHOP'] })
    expect([target.model.content('shop'), target.model.content('SHOP')]).toEqual([{ a: 'small' }, { a: 'LARGE' }])
  })
})

describe('editions and releases', () => {
  it.each(['11', '12', '13', '14', '15', '16', '17'] as const)(
    'major version %s is backed up, and restored',
    async version => {
      await using old = await startSqlServer({ version })
      old.model.createDatabase('a')
      old.model.write('a', { x: '1' })
      await using backups = await BackupChain.of(old)
      await backups.take('full')
      await using target = await startSqlServer({ version })
      await backups.restore(target, { kind: 'latest' }, { units: ['a'] })
      expect(target.model.content('a')).toEqual({ x: '1' })
    },
  )

  it('Express is not asked for compression', async () => {
    await using express = await startSqlServer({ edition: 'express' })
    await using backups = await BackupChain.of(express)
    await backups.take('full')
    expect(express.statements.filter(({ text }) => text.includes('COMPRESSION'))).toEqual([])
  })

  it('one that refuses compression after all is asked once more without', async () => {
    server.faults.onStatement(/^BACKUP DATABASE/, {
      kind: 'error',
      messages: [
        { number: 1844, state: 1, severity: 16, text: 'BACKUP DATABASE WITH COMPRESSION is not supported.' },
        { number: 3013, state: 1, severity: 16, text: 'BACKUP DATABASE is terminating abnormally.' },
      ],
    })
    const { committed } = await chain.take('full')
    expect(committed.units).toHaveLength(4)
  })
})

describe('what the backup tells of', () => {
  it('an encrypted database whose certificate is in no backup', async () => {
    server.model.createDatabase('secret', { encrypted: 'TdeCertificate' })
    const first = await chain.take('full')
    expect(first.warnings.join()).toContain('secret (certificate TdeCertificate, its key never saved)')
    server.model.saveCertificate('TdeCertificate')
    expect((await chain.take('full')).warnings.join()).toContain('its key saved 2026-11-22')
  })

  it('a database with FILESTREAM, for the restore', async () => {
    server.model.createDatabase('media', { filestream: true })
    const { committed } = await chain.take('full')
    expect(committed.units.find(({ unit }) => unit === 'media')!.info).toMatchObject({ filestream: 'true' })
  })

  it('nothing but the server’s own databases on a server without others', async () => {
    server.model.drop(name)
    const { committed } = await chain.take('full')
    expect(committed.units.map(({ unit }) => unit)).toEqual(['master', 'model', 'msdb'])
  })
})

describe('two names of one directory', () => {
  it('are mapped: the server writes where it is told, and the file is taken from where it is here', async () => {
    const here = join(chain.directory, 'exchange')
    await using mapped = await startSqlServer({
      platform: 'windows',
      mounts: [{ server: 'D:\\Exchange', local: here }],
    })
    mapped.model.createDatabase('a')
    await using backups = await BackupChain.of(mapped, { directory: here, directoryOnServer: 'D:\\Exchange' })
    const { committed, files } = await backups.take('full')
    expect(committed.units).toHaveLength(4)
    const content = await readFile(join(backups.directory, files[0]!.name))
    expect(content.subarray(0, 4).toString()).toBe('TAPE')
    expect(
      mapped.statements.some(({ parameters }) => JSON.stringify(parameters).includes('D:\\\\Exchange\\\\failsafe-')),
    ).toBe(true)
  })
})
