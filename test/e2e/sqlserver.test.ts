import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SqlServer, startSqlServer } from '../doubles/tds/server.ts'
import { trustedDoor } from '../engines/sqlserver/trusted-door.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { lastJson, run } from '../support/run.ts'
import { type Host, newHost } from '../uploader/host.ts'
import { failsafeBinary } from './binary.ts'

const megabyte = 1024 * 1024
/** What may lie on the disk, and a database that is larger. */
const [staging, database] = [80 * megabyte, 120 * megabyte]

let door: Awaited<ReturnType<typeof trustedDoor>>
let cloud: TestCloud
let server: SqlServer
let host: Host

beforeAll(async () => {
  door = await trustedDoor()
  cloud = await startTestCloud()
  server = await startSqlServer({ storage: { authorities: [door.authority] } })
  server.model.createDatabase('erp', { padding: database })
  server.model.createDatabase('crm')
  server.model.write('erp', { orders: '1' })
  host = await newHost(cloud)
  const { certificateFile, keyFile } = door.settings
  await writeFile(host.in('sa.pw'), `${server.logins.sa.password}\n`, { mode: 0o600 })
  await writeFile(
    host.config,
    [
      `state: { dir: ${host.state} }`,
      `staging: { dir: ${host.staging}, maxBytes: ${staging / megabyte}MiB }`,
      'sources:',
      '  erp:',
      '    engine: sqlserver',
      `    connection: { host: 127.0.0.1, port: ${server.port}, user: sa, passwordFile: ${host.in('sa.pw')} }`,
      `    door: { certificateFile: ${certificateFile}, keyFile: ${keyFile}, stripes: 2 }`,
      '',
    ].join('\n'),
    { mode: 0o600 },
  )
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
  await server?.close()
  await cloud?.close()
  await door?.[Symbol.asyncDispose]()
})

const failsafe = (args: string[], options?: Parameters<typeof run>[2]) =>
  run(failsafeBinary, [...args, '--config', host.config], options)
const backUp = async (mode: string): Promise<Record<string, any>> => {
  const finished = await failsafe(['backup', 'erp', '--mode', mode, '--json'])
  return { ...lastJson(finished), stderr: finished.stderr }
}

/** Bytes that lie in the staging directory. */
async function staged(): Promise<number> {
  const names = await readdir(host.staging, { recursive: true }).catch(() => [])
  const sizes = names.map(name =>
    stat(join(host.staging, name)).then(
      found => (found.isFile() ? found.size : 0),
      () => 0, // sent meanwhile
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

test('a database larger than the disk comes through the door of the built binary: full, killed in the middle, differential, log, restored', async () => {
  let most = 0
  let looking = true
  const look = (async () => {
    while (looking) {
      most = Math.max(most, await staged())
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  })()
  const full = await backUp('full')
  looking = false
  await look
  expect(full, full.stderr).toMatchObject({ kind: 'full', warnings: [] })
  expect(full.bytes.source).toBeGreaterThan(database)
  expect(full.peakRssBytes).toBeLessThan(320 * megabyte)
  expect(most).toBeGreaterThan(16 * megabyte)
  expect(most).toBeLessThanOrEqual(staging)
  expect(server.model.credentials).toEqual([])

  let kill = () => {}
  const trap = server.faults.onStatement(
    ({ text, parameters }) => text.startsWith('BACKUP') && Object.values(parameters).includes('erp'),
    { kind: 'meanwhile', act: () => kill() },
    { at: 40 },
  )
  await failsafe(['backup', 'erp', '--mode', 'full'], {
    onStart: child => {
      kill = () => child.kill('SIGKILL')
    },
  })
  expect(trap.hits).toBe(1)
  expect(server.model.credentials).toHaveLength(1)

  server.model.write('erp', { orders: '2' })
  const differential = await backUp('differential')
  expect(differential, differential.stderr).toMatchObject({
    kind: 'differential',
    warnings: [{ code: 'earlier-run' }],
  })
  server.model.write('erp', { orders: '3' })
  const log = await backUp('log')
  expect(log, log.stderr).toMatchObject({ kind: 'log', warnings: [] })
  expect(server.model.credentials).toEqual([])

  const to = host.in('restored')
  const { user, password } = server.logins.sa
  const target = `sqlserver://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}?suffix=_again`
  const restored = await failsafe([
    ...['restore', 'erp', '--to', to, '--identity', host.kit, '--unit', 'erp'],
    ...['--apply', '--target', target, '--json'],
  ])
  expect(restored.code, restored.stdout + restored.stderr).toBe(0)
  expect(server.model.content('erp_again')).toEqual({ orders: '3' })
  expect(await readFile(join(to, 'restore.sql'), 'utf8')).toMatch(/_1\.bak', DISK = N'[^']*_2\.bak'/)
})
