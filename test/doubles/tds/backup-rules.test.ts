import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client } from './client.ts'
import { backupRules } from './model/rules/backup.ts'
import { type SqlServer, type SqlServerOptions, startSqlServer } from './server.ts'

let server: SqlServer
let client: Client

async function start(options: SqlServerOptions = {}): Promise<void> {
  server = await startSqlServer(options)
  server.model.createDatabase('shop', { padding: 2 << 20 })
  client = await Client.connect(server)
}
beforeEach(() => start())
afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await server.close()
})

const full = (database: string, ...options: string[]) =>
  `BACKUP DATABASE [${database}] TO DISK = N'NUL' WITH ${['FORMAT', ...options].join(', ')}`
const differential = (database: string, ...options: string[]) => full(database, 'DIFFERENTIAL', ...options)
const log = (database: string, ...options: string[]) =>
  `BACKUP LOG [${database}] TO DISK = N'NUL' WITH ${['FORMAT', ...options].join(', ')}`

/** Starts over with another server. */
async function restart(options: SqlServerOptions): Promise<void> {
  await client[Symbol.asyncDispose]()
  await server.close()
  await start(options)
}

/** For each rule: what it refuses, and what is so near to it that only this rule decides. */
const scenarios: Record<number, { refused: () => Promise<number[]>; allowed: () => Promise<number[]> }> = {
  3021: {
    refused: () => client.errors(`BEGIN TRANSACTION; ${full('shop')}`),
    allowed: () => client.errors(`BEGIN TRANSACTION; COMMIT TRANSACTION; ${full('shop')}`),
  },
  911: {
    refused: () => client.errors(full('nowhere')),
    allowed: () => client.errors(full('SHOP')),
  },
  3147: {
    refused: () => client.errors(full('tempdb')),
    allowed: () => client.errors(full('msdb')),
  },
  3002: {
    refused: () => {
      server.model.snapshot('shop', 'shop at noon')
      return client.errors(full('shop at noon'))
    },
    allowed: () => {
      server.model.snapshot('shop', 'shop at noon')
      return client.errors(full('shop'))
    },
  },
  916: {
    refused: () => as({ users: { master: ['db_backupoperator'] } }, full('shop')),
    allowed: () => as({ users: { shop: ['db_backupoperator'] } }, full('shop')),
  },
  262: {
    refused: () => as({ users: { shop: ['db_datareader'] } }, full('shop')),
    allowed: () => as({ users: { shop: ['db_owner'] } }, full('shop')),
  },
  924: {
    refused: () => visitedAlone('ALTER DATABASE shop SET SINGLE_USER'),
    allowed: () => visitedAlone('ALTER DATABASE shop SET SINGLE_USER WITH ROLLBACK IMMEDIATE'),
  },
  942: state('OFFLINE'),
  927: state('RESTORING'),
  945: state('RECOVERY_PENDING'),
  926: {
    refused: () => {
      server.model.setState('shop', 'SUSPECT')
      return client.errors(full('shop'))
    },
    allowed: async () => {
      await client.run(full('shop'))
      server.model.setState('shop', 'SUSPECT')
      return client.errors(log('shop', 'NO_TRUNCATE'))
    },
  },
  954: {
    refused: () => {
      server.model.mirror('shop', 'MIRROR')
      return client.errors(full('shop'))
    },
    allowed: () => {
      server.model.mirror('shop', 'PRINCIPAL')
      return client.errors(full('shop'))
    },
  },
  3033: state('EMERGENCY'),
  3036: {
    refused: () => {
      server.model.setStandby('shop', true)
      return client.errors(full('shop'))
    },
    allowed: () => {
      server.model.setReadOnly('shop', true)
      return client.errors(full('shop'))
    },
  },
  3059: {
    refused: () => {
      server.model.joinGroup('shop', 'SECONDARY')
      return client.errors(full('shop'))
    },
    allowed: () => {
      server.model.joinGroup('shop', 'SECONDARY')
      return client.errors(full('shop', 'COPY_ONLY'))
    },
  },
  3024: {
    refused: async () => {
      await client.run(full('master'))
      return client.errors(differential('master'))
    },
    allowed: () => client.errors(full('master')),
  },
  4212: {
    refused: () => client.errors(log('master')),
    allowed: () => client.errors(full('master')),
  },
  4208: {
    refused: async () => {
      await client.run(full('shop'))
      server.model.setRecovery('shop', 'SIMPLE')
      return client.errors(log('shop'))
    },
    allowed: async () => {
      server.model.setRecovery('shop', 'BULK_LOGGED')
      await client.run(full('shop'))
      return client.errors(log('shop'))
    },
  },
  4214: {
    refused: () => client.errors(log('shop')),
    allowed: async () => {
      await client.run(full('shop'))
      return client.errors(log('shop'))
    },
  },
  3035: {
    refused: () => client.errors(differential('shop')),
    allowed: async () => {
      await client.run(full('shop'))
      return client.errors(differential('shop'))
    },
  },
  1844: {
    refused: async () => {
      await restart({ edition: 'express' })
      return client.errors(full('shop', 'COMPRESSION'))
    },
    allowed: async () => {
      await restart({ edition: 'express' })
      return client.errors(full('shop'))
    },
  },
  3023: {
    refused: () => besides(full('shop')),
    allowed: () => besides(log('shop')),
  },
}

/** As somebody with these rights. */
async function as(rights: Parameters<SqlServer['logins']['add']>[1], text: string): Promise<number[]> {
  const login = server.logins.add('somebody', rights)
  await using somebody = await Client.connect(server, { login })
  return await somebody.errors(text)
}

function state(name: 'OFFLINE' | 'RESTORING' | 'RECOVERY_PENDING' | 'EMERGENCY') {
  const backup = (set: typeof name | 'ONLINE') => {
    server.model.setState('shop', set)
    return client.errors(full('shop'))
  }
  return { refused: () => backup(name), allowed: () => backup('ONLINE') }
}

/** Somebody has the database open, and then it is for one user alone. */
async function visitedAlone(text: string): Promise<number[]> {
  await using visitor = await Client.connect(server, { database: 'shop' })
  visitor.pool.on('error', () => undefined)
  await client.run(text)
  return await client.errors(full('shop'))
}

/** While a full backup of the same database runs. */
async function besides(text: string): Promise<number[]> {
  await client.run(full('shop'))
  const stall = server.faults.onStatement(/first/, { kind: 'stall' }, { at: 50 })
  await using other = await Client.connect(server)
  const running = other.run(full('shop', "DESCRIPTION = 'first'"))
  await stall.struck
  const errors = await client.errors(text)
  stall.release()
  await running
  return errors
}

describe('a backup', () => {
  test('has a scenario for every rule', () => {
    expect(Object.keys(scenarios).map(Number).toSorted()).toEqual(
      [...new Set(backupRules.map(rule => rule.number))].toSorted(),
    )
  })

  test.each(Object.keys(scenarios).map(Number))('is refused with %i, and 3013 closes it', async number => {
    expect(await scenarios[number]!.refused()).toEqual([number, 3013])
  })

  test.each(Object.keys(scenarios).map(Number))(
    'is not refused with %i where the rule does not say so',
    async number => {
      expect(await scenarios[number]!.allowed()).toEqual([])
    },
  )
})
