import { copyFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../uploader/directory.ts'
import { Client } from './client.ts'
import { setRules, targetRules } from './model/rules/restore.ts'
import { type SqlServer, type SqlServerOptions, startSqlServer } from './server.ts'

let server: SqlServer
let client: Client
let directory: Awaited<ReturnType<typeof temporaryDirectory>>

beforeEach(async () => {
  directory = await temporaryDirectory()
  server = await startSqlServer()
  client = await Client.connect(server)
  server.model.createDatabase('shop')
  server.model.write('shop', { first: '1' })
})
afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await server.close()
  await directory[Symbol.asyncDispose]()
})

const file = (name: string) => directory.in(name)

async function backUp(kind: 'full' | 'differential' | 'log', name: string, options = {}): Promise<string> {
  await server.model.backup('shop', kind, { to: file(name), ...options })
  return file(name)
}

/** Restored beside the database it comes from. */
const beside = (path: string, ...options: string[]) =>
  restore(
    'copy',
    path,
    "MOVE 'shop' TO '/var/opt/mssql/data/c.mdf'",
    "MOVE 'shop_log' TO '/var/opt/mssql/data/c.ldf'",
    ...options,
  )
const restore = (database: string, path: string, ...options: string[]) =>
  `RESTORE DATABASE [${database}] FROM DISK = N'${path}' WITH ${['NORECOVERY', ...options].join(', ')}`
const restoreLog = (database: string, path: string, ...options: string[]) =>
  `RESTORE LOG [${database}] FROM DISK = N'${path}' WITH ${['NORECOVERY', ...options].join(', ')}`

const iso = (time: number) => new Date(time).toISOString().slice(0, 19)

/** Makes the same backup on a server of another kind. */
async function elsewhere(options: SqlServerOptions, name: string, encrypted?: string): Promise<string> {
  await using other = await startSqlServer(options)
  other.model.createDatabase('shop', encrypted === undefined ? {} : { encrypted })
  await other.model.backup('shop', 'full', { to: file(name) })
  return file(name)
}

type Scenario = { refused: () => Promise<number[]>; allowed: () => Promise<number[]> }

const targets: Record<number, Scenario> = {
  3021: {
    refused: async () => client.errors(`BEGIN TRANSACTION; ${beside(await backUp('full', 'f.bak'))}`),
    allowed: async () => client.errors(beside(await backUp('full', 'f.bak'))),
  },
  3147: {
    refused: async () => client.errors(restore('tempdb', await backUp('full', 'f.bak'), 'REPLACE')),
    allowed: async () => client.errors(restore('shop', await backUp('full', 'f.bak'), 'REPLACE')),
  },
  3002: {
    refused: async () => {
      server.model.snapshot('shop', 'still')
      return client.errors(restore('still', await backUp('full', 'f.bak'), 'REPLACE'))
    },
    allowed: async () => {
      server.model.snapshot('shop', 'still')
      return client.errors(restore('shop', await backUp('full', 'f.bak'), 'REPLACE'))
    },
  },
  3110: {
    refused: async () =>
      as({ users: { shop: ['db_owner'] } }, restore('shop', await backUp('full', 'f.bak'), 'REPLACE')),
    allowed: async () => as({ roles: ['dbcreator'] }, restore('shop', await backUp('full', 'f.bak'), 'REPLACE')),
  },
  3108: {
    refused: async () => client.errors(restore('master', await backUp('full', 'f.bak'), 'REPLACE')),
    allowed: async () => client.errors(restore('shop', await backUp('full', 'f.bak'), 'REPLACE')),
  },
  3104: {
    refused: async () => {
      server.model.joinGroup('shop', 'PRIMARY')
      return client.errors(restore('shop', await backUp('full', 'f.bak'), 'REPLACE'))
    },
    allowed: async () => {
      server.model.joinGroup('shop', 'PRIMARY')
      return client.errors(beside(await backUp('full', 'f.bak')))
    },
  },
  3102: {
    refused: async () => {
      const path = await backUp('full', 'f.bak')
      return client.errors(`USE shop; ${restore('shop', path, 'REPLACE')}`)
    },
    allowed: async () => {
      const path = await backUp('full', 'f.bak')
      return client.errors(`USE shop; USE master; ${restore('shop', path, 'REPLACE')}`)
    },
  },
  3101: {
    refused: async () => {
      await using _ = await Client.connect(server, { database: 'shop' })
      return await client.errors(restore('shop', await backUp('full', 'f.bak'), 'REPLACE'))
    },
    allowed: async () => {
      await using _ = await Client.connect(server, { database: 'shop' })
      await client.run('ALTER DATABASE [shop] SET SINGLE_USER WITH ROLLBACK IMMEDIATE')
      return await client.errors(restore('shop', await backUp('full', 'f.bak'), 'REPLACE'))
    },
  },
}

/** As somebody with these rights. */
async function as(rights: Parameters<SqlServer['logins']['add']>[1], text: string): Promise<number[]> {
  const login = server.logins.add('somebody', rights)
  await using somebody = await Client.connect(server, { login })
  return await somebody.errors(text)
}

const sets: Record<number, Scenario> = {
  3135: {
    refused: async () => client.errors(restoreLog('copy', await backUp('full', 'f.bak'))),
    allowed: async () => client.errors(beside(await backUp('full', 'f.bak'))),
  },
  3169: {
    refused: async () => client.errors(beside(await elsewhere({ version: 17 }, 'f.bak'))),
    allowed: async () => client.errors(beside(await elsewhere({ version: 11, platform: 'windows' }, 'f.bak'))),
  },
  33111: {
    refused: async () => client.errors(beside(await elsewhere({ serverName: 'OTHER' }, 'f.bak', 'the key'))),
    allowed: async () => {
      const path = await elsewhere({ serverName: 'OTHER' }, 'f.bak', 'the key')
      const [row] = await client.rows('RESTORE FILELISTONLY FROM DISK = @path', { path })
      server.model.importCertificate('the key', (row!.TDEThumbprint as Buffer).toString('hex').toUpperCase())
      return client.errors(beside(path))
    },
  },
  3187: {
    refused: async () => client.errors(beside(await backUp('full', 'f.bak', { checksum: false }), 'CHECKSUM')),
    allowed: async () => client.errors(beside(await backUp('full', 'f.bak'), 'CHECKSUM')),
  },
  3154: {
    refused: async () => client.errors(restore('shop', await elsewhere({}, 'f.bak'), "STOPAT = '2030-01-01'")),
    allowed: async () => client.errors(restore('shop', await elsewhere({}, 'f.bak'), 'REPLACE')),
  },
  3159: {
    refused: async () => client.errors(restore('shop', await backUp('full', 'f.bak'))),
    allowed: async () => {
      const path = await backUp('full', 'f.bak')
      await backUp('log', 'tail.trn', { tail: true })
      return client.errors(restore('shop', path))
    },
  },
  4338: {
    refused: async () => {
      const before = server.clock.local() - 60_000
      return client.errors(beside(await backUp('full', 'f.bak'), `STOPAT = '${iso(before)}'`))
    },
    allowed: async () => {
      const path = await backUp('full', 'f.bak')
      return client.errors(beside(path, `STOPAT = '${iso(server.clock.local())}'`))
    },
  },
  3118: {
    refused: async () => {
      await backUp('full', 'f.bak')
      return client.errors(restoreLog('copy', await backUp('log', 'l.trn')))
    },
    allowed: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      return client.errors(restoreLog('copy', await backUp('log', 'l.trn')))
    },
  },
  3117: {
    refused: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      await client.run('RESTORE DATABASE copy WITH RECOVERY')
      return client.errors(restoreLog('copy', await backUp('log', 'l.trn')))
    },
    allowed: async () => {
      await client.run(beside(await backUp('full', 'f.bak')).replace('NORECOVERY', "STANDBY = '/tmp/undo'"))
      return client.errors(restoreLog('copy', await backUp('log', 'l.trn')))
    },
  },
  3136: {
    refused: async () => {
      const first = await backUp('full', 'f.bak')
      await backUp('full', 'another.bak')
      await client.run(beside(first))
      return client.errors(restore('copy', await backUp('differential', 'd.bak')))
    },
    allowed: async () => {
      const first = await backUp('full', 'f.bak')
      await backUp('full', 'another.bak', { copyOnly: true })
      await client.run(beside(first))
      return client.errors(restore('copy', await backUp('differential', 'd.bak')))
    },
  },
  3120: {
    refused: async () => {
      const [path, older, newer] = [
        await backUp('full', 'f.bak'),
        await backUp('differential', 'd1.bak'),
        await backUp('differential', 'd2.bak'),
      ]
      await client.run(beside(path))
      await client.run(restore('copy', newer))
      return client.errors(restore('copy', older))
    },
    allowed: async () => {
      const [path, older, newer] = [
        await backUp('full', 'f.bak'),
        await backUp('differential', 'd1.bak'),
        await backUp('differential', 'd2.bak'),
      ]
      await client.run(beside(path))
      await client.run(restore('copy', older))
      await client.run(restore('copy', newer))
      return client.errors(restore('copy', newer))
    },
  },
  4305: {
    refused: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      server.model.write('shop', { second: '2' })
      await backUp('log', 'l1.trn')
      return client.errors(restoreLog('copy', await backUp('log', 'l2.trn')))
    },
    allowed: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      server.model.write('shop', { second: '2' })
      await client.run(restoreLog('copy', await backUp('log', 'l1.trn')))
      return client.errors(restoreLog('copy', await backUp('log', 'l2.trn')))
    },
  },
  4326: {
    refused: async () => {
      await backUp('full', 'first.bak')
      const early = await backUp('log', 'l1.trn')
      server.model.write('shop', { second: '2' })
      await client.run(beside(await backUp('full', 'f.bak')))
      return client.errors(restoreLog('copy', early))
    },
    allowed: async () => {
      await backUp('full', 'first.bak')
      await backUp('log', 'l1.trn')
      server.model.write('shop', { second: '2' })
      await client.run(beside(await backUp('full', 'f.bak')))
      return client.errors(restoreLog('copy', await backUp('log', 'l2.trn')))
    },
  },
  4330: {
    refused: async () => {
      const path = await backUp('full', 'f.bak')
      await server.model.restoreOver('shop', [path])
      server.model.write('shop', { 'on the second fork': '1' })
      const second = await backUp('full', 'second.bak', { copyOnly: true })
      await server.model.restoreOver('shop', [path])
      server.model.write('shop', { 'on the third fork': '1' })
      server.model.write('shop', { 'on the third fork': '2' })
      server.model.write('shop', { 'on the third fork': '3' })
      await client.run(beside(second))
      return client.errors(restoreLog('copy', await backUp('log', 'third.trn')))
    },
    allowed: async () => {
      const path = await backUp('full', 'f.bak')
      await server.model.restoreOver('shop', [path])
      server.model.write('shop', { 'on the second fork': '1' })
      await client.run(beside(path))
      return client.errors(restoreLog('copy', await backUp('log', 'second.trn')))
    },
  },
  4341: {
    refused: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      server.model.setRecovery('shop', 'BULK_LOGGED')
      const inside = server.model.write('shop', { bulk: '1' }, { bulk: true })
      server.model.write('shop', { after: '1' })
      return client.errors(restoreLog('copy', await backUp('log', 'l.trn'), `STOPAT = '${iso(inside.local)}'`))
    },
    allowed: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      server.model.setRecovery('shop', 'BULK_LOGGED')
      server.model.write('shop', { bulk: '1' }, { bulk: true })
      const path = await backUp('log', 'l.trn')
      return client.errors(restoreLog('copy', path, `STOPAT = '${iso(server.clock.local())}'`))
    },
  },
  4335: {
    refused: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      const early = server.model.write('shop', { second: '2' })
      server.model.write('shop', { third: '3' })
      await client.run(restoreLog('copy', await backUp('log', 'l1.trn')))
      return client.errors(restoreLog('copy', await backUp('log', 'l2.trn'), `STOPAT = '${iso(early.local)}'`))
    },
    allowed: async () => {
      await client.run(beside(await backUp('full', 'f.bak')))
      server.model.write('shop', { second: '2' })
      const late = server.model.write('shop', { third: '3' })
      await client.run(restoreLog('copy', await backUp('log', 'l1.trn')))
      return client.errors(restoreLog('copy', await backUp('log', 'l2.trn'), `STOPAT = '${iso(late.local)}'`))
    },
  },
}

describe('a restore', () => {
  test('has a scenario for every rule', () => {
    const rules = [...targetRules, ...Object.values(setRules).flat()]
    expect([...Object.keys(targets), ...Object.keys(sets)].map(Number).toSorted()).toEqual(
      [...new Set(rules.map(rule => rule.number))].toSorted(),
    )
  })

  const all: Record<number, Scenario> = { ...targets, ...sets }
  test.each(Object.keys(all).map(Number))('is refused with %i, and 3013 closes it', async number => {
    expect(await all[number]!.refused()).toEqual([number, 3013])
  })

  test.each(Object.keys(all).map(Number))('is not refused with %i where the rule does not say so', async number => {
    expect(await all[number]!.allowed()).toEqual([])
  })

  test('without REPLACE is refused only where there is a log that could be lost', async () => {
    const path = await backUp('full', 'f.bak')
    const again = () => client.errors(restore('shop', path))
    expect(await again()).toEqual([3159, 3013])
    server.model.setRecovery('shop', 'SIMPLE')
    expect(await again()).toEqual([])
    await client.run('RESTORE DATABASE shop WITH RECOVERY')
    server.model.setRecovery('shop', 'SIMPLE')
    server.model.setRecovery('shop', 'FULL')
    expect(await again()).toEqual([])
    await client.run(beside(path).replace('NORECOVERY', "STANDBY = 'undo'"))
    expect(await client.errors(beside(path))).toEqual([])
    await client.run('RESTORE DATABASE copy WITH RECOVERY')
    expect(await client.errors(beside(path))).toEqual([3159, 3013])
    expect(await client.errors(beside(path, `STOPAT = '${iso(server.clock.local())}'`))).toEqual([])
  })

  test('of the wrong kind is told what the backup is', async () => {
    await backUp('full', 'f.bak')
    await backUp('log', 'l.trn')
    const cause = async (text: string) => {
      const error = await client.run(text).catch(each => each)
      return error.precedingErrors[0].message
    }
    expect(await cause(restoreLog('copy', file('f.bak')))).toContain('was created by BACKUP DATABASE and cannot')
    expect(await cause(restore('copy', file('l.trn')))).toContain('was created by BACKUP LOG and cannot')
  })

  test('may stop before the mark at which it stands, and not before that', async () => {
    await client.run(beside(await backUp('full', 'f.bak')))
    server.model.write('shop', { second: '2' })
    const path = await backUp('log', 'l.trn')
    const { end } = server.model.database('copy')
    expect(await client.errors(restoreLog('copy', path, `STOPBEFOREMARK = 'lsn:${end - 1n}'`))).toEqual([4335, 3013])
    expect(await client.errors(restoreLog('copy', path, `STOPBEFOREMARK = 'lsn:${end}'`))).toEqual([])
    expect(server.model.content('copy')).toEqual({ first: '1' })
  })

  test('of the same data under another name is refused while its files are taken', async () => {
    const path = await backUp('full', 'f.bak')
    expect(await client.errors(restore('copy', path))).toEqual([1834, 3156, 1834, 3156, 3119, 3013])
    const nowhere = "MOVE 'shop' TO '/nowhere/c.mdf', MOVE 'shop_log' TO '/nowhere/c.ldf'"
    expect(await client.errors(restore('copy', path, nowhere))).toEqual([5133, 3156, 5133, 3156, 3119, 3013])
    const one = `MOVE 'shop' TO '${file('c.mdf')}', MOVE 'shop_log' TO '${file('c.mdf')}'`
    expect(await client.errors(restore('copy', path, one))).toEqual([3176, 3119, 3013])
    expect(await client.errors(restore('copy', path, "MOVE 'other' TO '/tmp/c.mdf'"))).toEqual([3234, 3013])
    const here = `MOVE 'SHOP' TO '${file('c.mdf')}', MOVE 'shop_log' TO '${file('c.ldf')}'`
    expect(await client.errors(restore('copy', path, here))).toEqual([])
    expect(await client.rows("SELECT physical_name FROM sys.master_files WHERE database_id = DB_ID('copy')")).toEqual([
      { physical_name: file('c.mdf') },
      { physical_name: file('c.ldf') },
    ])
  })

  test('to its end twice is refused: it is recovered already', async () => {
    await client.run(beside(await backUp('full', 'f.bak')))
    await client.run('RESTORE DATABASE copy WITH RECOVERY')
    expect(await client.errors('RESTORE DATABASE copy WITH RECOVERY')).toEqual([3153, 3013])
    expect(await client.errors('RESTORE DATABASE nowhere WITH RECOVERY')).toEqual([911, 3013])
  })

  test('from a file that is copied to another server goes well', async () => {
    const path = await backUp('full', 'f.bak')
    await using other = await startSqlServer({ version: 17, platform: 'windows' })
    await using visitor = await Client.connect(other)
    await copyFile(path, file('copied.bak'))
    await visitor.run(
      `RESTORE DATABASE shop FROM DISK = N'${file('copied.bak')}' WITH RECOVERY, MOVE 'shop' TO '${file('s.mdf')}', MOVE 'shop_log' TO '${file('s.ldf')}'`,
    )
    expect(other.model.content('shop')).toEqual({ first: '1' })
  })
})
