import { appendFile, readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { failureOf } from '../mysql/harness.ts'
import { BackupChain } from './chain.ts'

let server: SqlServer
let target: SqlServer
let chain: BackupChain
const units = ['a']

beforeEach(async () => {
  server = await startSqlServer()
  target = await startSqlServer({ serverName: 'TARGET' })
  server.model.createDatabase('a')
  chain = await BackupChain.of(server)
})
afterEach(async () => {
  await chain[Symbol.asyncDispose]()
  await server.close()
  await target.close()
})

const at = (moment: { utc: number }) => ({ kind: 'at' as const, at: new Date(moment.utc).toISOString() })

describe('to a moment', () => {
  it('every second between two backups is what the server held then', async () => {
    server.model.write('a', { first: '1' })
    await chain.take('full')
    const moments = [2, 3, 4, 5].map(n => server.model.write('a', { [`row ${n}`]: String(n) }))
    await chain.take('log')
    moments.push(server.model.write('a', { last: 'row' }))
    await chain.take('log')
    for (const moment of moments) {
      await using fresh = await startSqlServer()
      await chain.restore(fresh, at(moment), { units })
      expect(fresh.model.content('a')).toEqual(server.model.content('a', moment.lsn))
    }
  })

  it('is told on the clock of the server that was backed up, also where the target lives in another zone', async () => {
    await chain.take('full')
    const moment = server.model.write('a', { x: '1' })
    server.model.write('a', { x: '2' })
    await chain.take('log')
    target.clock.utcOffset = -300
    await chain.restore(target, at(moment), { units })
    expect(target.model.content('a')).toEqual({ x: '1' })
  })

  it('warns where the clock was changed within the log', async () => {
    await chain.take('full')
    server.clock.utcOffset = 120
    await chain.take('log')
    server.model.write('a', { x: '1' })
    server.clock.utcOffset = 60
    const moment = server.model.write('a', { y: '1' })
    server.model.write('a', { z: '1' })
    await chain.take('log')
    const { warnings } = await chain.restore(target, at(moment), { units })
    expect(warnings.join()).toContain('clock-changed')
  })

  it('inside a log with bulk operations is refused before anything is done', async () => {
    await chain.take('full')
    server.model.setRecovery('a', 'BULK_LOGGED')
    const moment = server.model.write('a', { x: '1' }, { bulk: true })
    server.model.write('a', { y: '1' })
    await chain.take('log')
    expect(await failureOf(chain.restore(target, at(moment), { units }))).toContain('sqlserver-bulk-logged')
    await chain.restore(target, { kind: 'latest' }, { units })
    expect(target.model.content('a')).toEqual(server.model.content('a'))
  })
})

describe('into a server', () => {
  it('that has a database of this name is refused, unless another name or its end is wanted', async () => {
    server.model.write('a', { ours: '1' })
    await chain.take('full')
    target.model.createDatabase('a')
    target.model.write('a', { theirs: '1' })
    expect(await failureOf(chain.restore(target, { kind: 'latest' }, { units }))).toMatch(
      /restore-database-exists: .*overwrite=yes/,
    )
    expect(target.model.content('a')).toEqual({ theirs: '1' })
    await chain.restore(target, { kind: 'latest' }, { units, query: 'suffix=_restored' })
    expect(target.model.content('a_restored')).toEqual({ ours: '1' })
    expect(target.model.content('a')).toEqual({ theirs: '1' })
    await chain.restore(target, { kind: 'latest' }, { units, query: 'overwrite=yes' })
    expect(target.model.content('a')).toEqual({ ours: '1' })
  })

  it('that fails before it replaces a database keeps it as it was, for everybody', async () => {
    await chain.take('full')
    target.model.createDatabase('a')
    target.model.write('a', { theirs: '1' })
    target.faults.onStatement(/^RESTORE DATABASE @db FROM/, { kind: 'kill' })
    await failureOf(chain.restore(target, { kind: 'latest' }, { units, query: 'overwrite=yes' }))
    expect(target.model.content('a')).toEqual({ theirs: '1' })
    expect(target.statements.filter(({ text }) => text.includes('SET SINGLE_USER')).length).toBe(1)
    expect(target.model.database('a')).toMatchObject({ state: 'ONLINE', userAccess: 'MULTI_USER' })
  })

  it('puts nobody out of a database for a backup that it cannot read', async () => {
    const { files } = await chain.take('full')
    target.model.createDatabase('a')
    await truncate(join(chain.directory, files.find(({ unit }) => unit === 'a')!.name), 3000)
    await failureOf(chain.restore(target, { kind: 'latest' }, { units, query: 'overwrite=yes' }))
    expect(target.statements.filter(({ text }) => text.includes('SET SINGLE_USER'))).toEqual([])
  })

  it('takes a database again that an interrupted restore left half done', async () => {
    server.model.write('a', { ours: '1' })
    await chain.take('full')
    target.faults.onStatement(/WITH RECOVERY/, { kind: 'kill' })
    await failureOf(chain.restore(target, { kind: 'latest' }, { units }))
    expect(target.model.database('a')).toMatchObject({ state: 'RESTORING' })
    await chain.restore(target, { kind: 'latest' }, { units, query: 'overwrite=yes' })
    expect(target.model.content('a')).toEqual({ ours: '1' })
  })

  it('leaves the server’s own databases alone, and says where it stands how they are restored', async () => {
    await chain.take('full')
    const { notes } = await chain.restore(target, { kind: 'latest' })
    expect(notes.join()).toContain('master, model, msdb were not restored')
    expect(target.statements.filter(({ text }) => text.startsWith('RESTORE DATABASE')).length).toBe(2)
  })

  it('of an earlier release is refused by it, in words', async () => {
    await chain.take('full')
    await using old = await startSqlServer({ version: '14' })
    expect(await failureOf(chain.restore(old, { kind: 'latest' }, { units }))).toContain('later release')
  })

  it('without the certificate of an encrypted database is refused by it, in words', async () => {
    server.model.createDatabase('secret', { encrypted: 'Tde' })
    await chain.take('full')
    expect(await failureOf(chain.restore(target, { kind: 'latest' }, { units: ['secret'] }))).toContain(
      'restore its certificate',
    )
  })

  it('takes each file from a directory that both reach, where one is named, and leaves nothing there', async () => {
    server.model.write('a', { x: '1' })
    await chain.take('full')
    const shared = join(chain.directory, 'exchange')
    await chain.restore(target, { kind: 'latest' }, { units, query: `directory=${encodeURIComponent(shared)}` })
    expect(target.model.content('a')).toEqual({ x: '1' })
    expect(await readdir(shared)).toEqual([])
    const files = target.statements
      .flatMap(({ parameters }) => Object.values(parameters))
      .filter(value => String(value).endsWith('.bak'))
    expect(files.every(file => String(file).startsWith(shared))).toBe(true)
  })

  it('is refused a file that was altered', async () => {
    const { files } = await chain.take('full')
    await appendFile(join(chain.directory, files.find(({ unit }) => unit === 'a')!.name), 'x')
    await truncate(join(chain.directory, files.find(({ unit }) => unit === 'a')!.name), 3000)
    expect(await failureOf(chain.restore(target, { kind: 'latest' }, { units }))).toMatch(
      /sqlserver-re(store-)?(refused)/,
    )
  })

  it('of the other platform puts the files where that one keeps its own', async () => {
    server.model.write('a', { x: '1' })
    await chain.take('full')
    await using windows = await startSqlServer({
      platform: 'windows',
      mounts: [{ server: 'D:\\restored', local: chain.directory }],
    })
    await chain.restore(
      windows,
      { kind: 'latest' },
      { units, query: `directory-on-server=${encodeURIComponent('D:\\restored')}` },
    )
    expect(windows.model.content('a')).toEqual({ x: '1' })
  })
})
