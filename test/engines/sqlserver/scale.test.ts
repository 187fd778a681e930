import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { sqlserver } from '../../../uploader/engines/sqlserver/engine.ts'
import { KnownSourceFile } from '../../../uploader/state/known-source.ts'
import { newRig, type Rig } from '../../backup/support.ts'
import { startVault, type Vault } from '../../backup/vault.ts'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { BackupChain } from './chain.ts'

let vault: Vault
let rig: Rig
let server: SqlServer

beforeAll(async () => {
  vault = await startVault()
})
afterAll(() => vault?.close())
beforeEach(async () => {
  rig = await newRig(vault)
  server = await startSqlServer()
})
afterEach(async () => {
  await rig.close()
  await server.close()
})

async function settings() {
  const directory = join(rig.dir, '..', `exchange-${server.port}`)
  await mkdir(directory, { recursive: true })
  process.env.FAILSAFE_TEST_SQLSERVER = server.logins.sa.password
  return sqlserver.settings.parse({
    connection: { host: server.host, port: server.port, user: 'sa', passwordEnv: 'FAILSAFE_TEST_SQLSERVER' },
    directory,
  })
}

it('a log run of 200 idle databases makes three calls, and takes seconds', {
  timeout: 120_000,
}, async () => {
  for (let n = 0; n < 200; n++) server.model.createDatabase(`db${n}`)
  const known = new KnownSourceFile(rig.dir, rig.agent.agent, 'shop', {})
  const run = async (mode: 'full' | 'log') =>
    rig.backUp(sqlserver as never, { mode, settings: (await settings()) as never, readers: 4, known })
  const full = await run('full')
  rig.receiver.head = {
    snapshot: full.snapshot,
    lane: 'data',
    kind: 'full',
    receivedAt: new Date().toISOString(),
    units: full.units,
  }
  rig.receiver.calls.length = 0
  server.statements.length = 0
  const began = performance.now()
  const log = await run('log')
  expect(log.units.filter(({ kind }) => kind === 'log')).toHaveLength(201)
  expect(rig.receiver.calls).toEqual(['open', 'parts', 'commit', 'committed'])
  // A log backup and one look at it for each database, and what is asked once.
  const sent = server.statements.filter(({ text }) => /^(BACKUP|RESTORE|SELECT TOP)/.test(text))
  expect(sent).toHaveLength(2 * 201)
  expect(performance.now() - began).toBeLessThan(60_000)
})

it('1,000 databases are backed up, logged and restored, with an answer of the receiver that fits', async () => {
  const names = Array.from({ length: 1000 }, (_, n) => `Customer database number ${n}`)
  for (const name of names) {
    server.model.createDatabase(name)
    server.model.write(name, { name })
  }
  await using chain = await BackupChain.of(server)
  const full = await chain.take('full')
  expect(full.committed.units).toHaveLength(1003)
  const bytes = (units: unknown) => Buffer.byteLength(JSON.stringify(JSON.stringify(units)))
  // What a commit takes at most (lambdas/commit).
  expect(bytes(full.committed.units)).toBeLessThan(3_100_000)
  const log = await chain.take('log')
  expect(log.committed.units).toHaveLength(1001)
  expect(bytes(log.committed.units)).toBeLessThan(3_100_000)
  await using target = await startSqlServer()
  const some = [names[0]!, names[500]!, names[999]!]
  await chain.restore(target, { kind: 'latest' }, { units: some })
  for (const name of some) expect(target.model.content(name)).toEqual({ name })
}, 240_000)
