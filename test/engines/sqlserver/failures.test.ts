import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tokenOf } from '../../../uploader/engines/token-of.ts'
import type { Fault } from '../../doubles/tds/faults.ts'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { failureOf } from '../mysql/harness.ts'
import { BackupChain } from './chain.ts'

let server: SqlServer
let chain: BackupChain

beforeEach(async () => {
  server = await startSqlServer()
  for (const name of ['one', 'two']) {
    server.model.createDatabase(name)
    server.model.write(name, { a: '1' })
  }
  chain = await BackupChain.of(server)
})
afterEach(async () => {
  await chain[Symbol.asyncDispose]()
  await server.close()
})

/** A BACKUP of this database. */
const of = (name: string) => (statement: { text: string; parameters: Record<string, unknown> }) =>
  statement.text.startsWith('BACKUP') && Object.values(statement.parameters).includes(name)

/** Another backup of the database is under way. */
const serialized: Fault = {
  kind: 'error',
  messages: [
    { number: 3023, state: 2, severity: 16, text: 'Backup and file manipulation operations must be serialized.' },
  ],
}

const unitsOf = (taken: { committed: { units: { unit: string }[] } }) => taken.committed.units.map(({ unit }) => unit)

describe('one database fails, and the others are backed up', () => {
  it('dropped between the look at the server and its BACKUP', async () => {
    server.faults.onStatement(/^BACKUP/, { kind: 'meanwhile', act: () => server.model.drop('two') })
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toMatch(/database-gone: two was not backed up: it is gone/)
    expect(unitsOf(taken)).toEqual(['master', 'model', 'msdb', 'one'])
    expect(taken.results.two).toMatchObject({ result: 'failed' })
    expect(await chain.exchange()).toEqual([])
  })

  it('dropped while its BACKUP runs', async () => {
    server.faults.onStatement(of('two'), { kind: 'meanwhile', act: () => server.model.drop('two') }, { at: 50 })
    const taken = await chain.take('full')
    expect(unitsOf(taken)).not.toContain('two')
    expect(taken.results.two).toMatchObject({ result: 'failed' })
    expect(await chain.exchange()).toEqual([])
  })

  it('set offline meanwhile', async () => {
    server.faults.onStatement(of('two'), { kind: 'meanwhile', act: () => server.model.setState('two', 'OFFLINE') })
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('database-offline: two was not backed up')
    expect(unitsOf(taken)).toContain('one')
  })

  it('the login has no user in it', async () => {
    const login = server.logins.add('backup', {
      permissions: ['CREATE ANY DATABASE', 'VIEW SERVER STATE', 'VIEW ANY DEFINITION'],
      users: { '*': ['db_backupoperator'] },
      msdb: ['dbo.backupset'],
    })
    server.logins.removeUser('backup', 'two')
    await using limited = await BackupChain.of(server, {}, { login })
    const taken = await limited.take('full')
    expect(taken.warnings.join()).toContain('two was not backed up: the login has no user in it')
    expect(unitsOf(taken)).toEqual(['master', 'model', 'msdb', 'one'])
  })

  it('the login may not back it up', async () => {
    const login = server.logins.add('backup', {
      permissions: ['CREATE ANY DATABASE', 'VIEW SERVER STATE', 'VIEW ANY DEFINITION'],
      users: {
        master: ['db_backupoperator'],
        model: ['db_backupoperator'],
        msdb: ['db_backupoperator'],
        one: ['db_backupoperator'],
        two: [],
      },
      msdb: ['dbo.backupset'],
    })
    await using limited = await BackupChain.of(server, {}, { login })
    const taken = await limited.take('full')
    expect(taken.warnings.join()).toMatch(/database-denied: two was not backed up: .*db_backupoperator/)
    expect(unitsOf(taken)).toContain('one')
  })

  it('no room is left for its file, and what there was of it is removed', async () => {
    server.faults.onStatement(of('two'), { kind: 'device', code: 'ENOSPC' }, { at: 40 })
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('directory-full: two was not backed up')
    expect(await chain.exchange()).toEqual([])
  })

  it('a page of it has a wrong checksum', async () => {
    server.model.damage('two')
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toMatch(/two was not backed up: .*(3043|checksum)/)
    expect(unitsOf(taken)).not.toContain('two')
    expect(await chain.exchange()).toEqual([])
  })

  it('its file does not verify', async () => {
    server.faults.onStatement(
      ({ text, parameters }) => text.startsWith('RESTORE VERIFYONLY') && JSON.stringify(parameters).includes('-two_'),
      {
        kind: 'error',
        messages: [{ number: 3189, state: 1, severity: 16, text: 'Damage to the backup set was detected.' }],
      },
    )
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('database-unverified: two was not backed up')
    expect(await chain.exchange()).toEqual([])
  })

  it('nothing moves in it any more, and it is stopped', async () => {
    server.faults.onStatement(of('two'), { kind: 'stall', waitType: 'BACKUPIO' }, { at: 30 })
    const taken = await chain.take('full', { options: { patience: { stall: 300, poll: 50 } } })
    expect(taken.warnings.join()).toMatch(/database-stalled: two was not backed up: .*BACKUPIO/)
    expect(unitsOf(taken)).toContain('one')
    expect(await chain.exchange()).toEqual([])
  })

  it('another backup of it is under way all the time', async () => {
    server.faults.onStatement(of('two'), serialized, { times: 100 })
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('database-busy: two was not backed up')
  })

  it.each([
    [911, 'database-gone'],
    [916, 'database-denied'],
    [927, 'database-restoring'],
    [942, 'database-offline'],
    [952, 'database-busy'],
    [3035, 'database-no-base'],
    [3036, 'database-standby'],
    [4208, 'database-simple'],
    [4214, 'database-no-chain'],
    [4711, 'database-failed'],
  ])('the server refuses it with %i: %s', async (number, code) => {
    const messages = [
      { number, state: 1, severity: 16, text: 'The cause.' },
      { number: 3013, state: 1, severity: 16, text: 'BACKUP DATABASE is terminating abnormally.' },
    ]
    server.faults.onStatement(of('two'), { kind: 'error', messages })
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toMatch(new RegExp(`^${code}: two was not backed up: .*The cause`))
    expect(unitsOf(taken)).toContain('one')
  })

  it('its recovery model is set to SIMPLE between the look at the server and its log backup', async () => {
    await chain.take('full')
    const taken = await chain.take('log', { planned: () => server.model.setRecovery('two', 'SIMPLE') })
    expect(taken.plan.kind).toBe('log')
    expect(unitsOf(taken)).toEqual(['model', 'one'])
  })

  it('and one in trouble among 500', { timeout: 120_000 }, async () => {
    for (let n = 0; n < 500; n++) server.model.createDatabase(`db${n}`)
    server.model.setState('db250', 'SUSPECT')
    const taken = await chain.take('full')
    expect(taken.committed.units).toHaveLength(504)
    expect(taken.results.db250).toMatchObject({ result: 'failed', reason: expect.stringContaining('SUSPECT') })
  })
})

describe('what passes', () => {
  it('another backup of the database that ends soon is waited for', async () => {
    server.faults.onStatement(of('two'), serialized, { times: 2 })
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    expect(unitsOf(taken)).toContain('two')
  })

  it('a BACKUP that says nothing for a while, and goes on', async () => {
    const trap = server.faults.onStatement(of('two'), { kind: 'stall' }, { at: 50 })
    const run = chain.take('full')
    await trap.struck
    await new Promise(resolve => setTimeout(resolve, 500))
    trap.release()
    expect((await run).warnings).toEqual([])
  })

  it('a connection that is reset at half of a BACKUP is opened again, and the backup taken', async () => {
    server.faults.onStatement(of('two'), { kind: 'kill' }, { at: 50 })
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    expect(unitsOf(taken)).toContain('two')
    expect(await chain.exchange()).toEqual([])
  })

  it('a history that is purged before it is read: the header of the file tells the same', async () => {
    const first = await chain.take('full')
    server.model.write('two', { b: '2' })
    server.faults.onStatement(
      /^RESTORE VERIFYONLY/,
      { kind: 'meanwhile', act: () => server.model.purgeHistory() },
      { times: 100 },
    )
    const second = await chain.take('full')
    expect(second.warnings).toEqual([])
    const at = (taken: typeof first) => taken.committed.units.find(({ unit }) => unit === 'two')!
    expect(BigInt(at(second).to.at)).toBe(BigInt(server.model.database('two').log.lsn))
    expect(at(second).to.stream).toBe(at(first).to.stream)
    expect(at(second).info).toMatchObject({ guid: at(first).info!.guid, family: at(first).info!.family })
  })
})

describe('the run fails', () => {
  it('where the server may not write into the exchange directory, and says which rights help', async () => {
    server.faults.onStatement(/^BACKUP/, { kind: 'device', code: 'EACCES' }, { times: 100 })
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-directory-denied: .*Access is denied.*doctor/)
  })

  it('where what the server writes does not appear here', async () => {
    const there = join(chain.directory, 'there')
    await using apart = await startSqlServer({ mounts: [{ server: '/exchange', local: there }] })
    const { mkdir } = await import('node:fs/promises')
    await mkdir(there)
    await using backups = await BackupChain.of(apart, { directoryOnServer: '/exchange' })
    expect(await failureOf(backups.take('full'))).toContain('sqlserver-directory-elsewhere')
  })

  it('where not one database can be backed up', async () => {
    server.faults.onStatement(
      /^BACKUP/,
      {
        kind: 'error',
        messages: [{ number: 262, state: 1, severity: 14, text: 'BACKUP DATABASE permission denied.' }],
      },
      { times: 100 },
    )
    expect(await failureOf(chain.take('full'))).toContain('sqlserver-nothing-backed-up')
  })

  it('where the server goes away', async () => {
    server.faults.onStatement(of('one'), { kind: 'meanwhile', act: () => void server.close() }, { at: 50 })
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-(lost|unreachable)/)
    expect(await chain.exchange()).toEqual([])
  })

  it('where the password is wrong, with what to look at', async () => {
    const login = { user: 'sa', password: 'wrong' }
    await using wrong = await BackupChain.of(server, {}, { login })
    expect(await failureOf(wrong.take('full'))).toMatch(/sqlserver-login-refused: .*Check user and password/)
  })

  it('where an earlier run’s BACKUP goes on at the server for too long', async () => {
    const trap = server.faults.onStatement(of('two'), { kind: 'stall' }, { at: 30 })
    const first = failureOf(chain.take('full'))
    await trap.struck
    expect(await failureOf(chain.take('full'))).toMatch(/sqlserver-earlier-run: .*KILL \d+/)
    trap.release()
    expect(await first).toBe('it did not fail')
  })
})

describe('a run that is stopped', () => {
  it('leaves the server without a BACKUP of ours, and the directory empty', async () => {
    const stop = new AbortController()
    const trap = server.faults.onStatement(of('two'), { kind: 'stall' }, { at: 30 })
    const run = failureOf(chain.take('full', { signal: stop.signal }))
    await trap.struck
    stop.abort(new Error('somebody stopped it'))
    expect(await run).toContain('somebody stopped it')
    expect(await chain.exchange()).toEqual([])
    await expect.poll(() => server.connections).toBe(0)
  })

  it('at the moment when a file is verified and nobody takes it any more', async () => {
    await using alone = await BackupChain.of(server, { parallel: 1 })
    const stop = new AbortController()
    const written = () => {
      if (server.statements.some(({ text }) => text.includes('VERIFYONLY')))
        stop.abort(new Error('somebody stopped it'))
    }
    expect(await failureOf(alone.take('full', { signal: stop.signal, written }))).toContain('somebody stopped it')
    expect(await alone.exchange()).toEqual([])
  })

  it('and one that was killed: its files are removed by the next', async () => {
    const mine = `failsafe-${tokenOf({ undo: join(chain.directory, 'source/undo.json') })}-two_x_F.bak`
    await writeFile(join(chain.exchangeDirectory, mine), 'half a backup')
    await writeFile(join(chain.exchangeDirectory, 'customer.bak'), 'not ours')
    await chain.take('full')
    expect(await readdir(chain.exchangeDirectory)).toEqual(['customer.bak'])
  })
})

describe('a killed run that is taken up', () => {
  it('keeps what was staged of it, and reads only the rest', async () => {
    const first = await chain.take('full')
    const kept = new Map(
      first.files
        .filter(({ unit }) => unit === 'one')
        .map(({ name, unit, attributes }) => {
          const { info } = JSON.parse(attributes.entry!)
          return [info.set as string, { name: name.split('/').at(-1)!, unit, attributes }]
        }),
    )
    const before = server.statements.filter(of('one')).length
    const second = await chain.take('full', { kept })
    expect(server.statements.filter(of('one'))).toHaveLength(before)
    expect(second.committed.units.find(({ unit }) => unit === 'one')!.to).toEqual(
      first.committed.units.find(({ unit }) => unit === 'one')!.to,
    )
    await server.model.backup('one', 'full')
    await chain.take('full', { kept })
    expect(server.statements.filter(of('one')).length).toBe(before + 1)
  })
})
