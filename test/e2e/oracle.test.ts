import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { backupUser, type Oracle, startOracle } from '../doubles/tns/oracle.ts'
import { recovered } from '../engines/oracle/operator.ts'
import { writer } from '../engines/oracle/samples.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { lastJson } from '../support/run.ts'
import { type Host, newHost } from './customer.ts'

let cloud: TestCloud
let server: Oracle | undefined
let host: Host | undefined
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
afterEach(async () => {
  await host?.close()
  await server?.close()
})

async function start(files: 'local' | 'remote'): Promise<{ server: Oracle; host: Host }> {
  server = await startOracle({ blocks: 64, logBytes: 65_536 })
  const { port, database } = server
  host = await newHost({ cloud }, async directory => {
    const passwordFile = join(directory, 'shop.pw')
    await writeFile(passwordFile, `${backupUser.password}\n`, { mode: 0o600 })
    return [
      'engine: oracle',
      `connection: { port: ${port}, service: ${database.uniqueName}, user: '${backupUser.name}', passwordFile: ${passwordFile} }`,
      `directory: ${join(database.directory, 'diag')}`,
      `files: ${files}`,
    ]
  })
  return { server, host }
}

const active = (oracle: Oracle) => oracle.database.dataFiles.filter(({ backup }) => backup.active).length

async function restored({ server, host }: { server: Oracle; host: Host }, ...options: string[]) {
  const to = join(host.directory, `restored${options.at(-1) ?? ''}`)
  const done = await host.failsafe(['restore', 'shop', '--to', to, '--identity', host.kit, '--json', ...options])
  expect(done.code, done.stdout + done.stderr).toBe(0)
  expect(lastJson(done)).toMatchObject({ type: 'summary', engine: 'oracle', applied: false, warnings: [] })
  const names = ['prepare.sh', 'restore.sql', 'restore.rman', 'RESTORE.md']
  const scripts = await Promise.all(
    names.map(async name => ({ name, content: await readFile(join(to, name), 'utf8') })),
  )
  return recovered(scripts, to, server.database)
}

test.each(['local', 'remote'] as const)(
  'full, logs and the way back to an SCN, %s, with the built binary',
  async files => {
    const here = await start(files)
    const { write } = writer(here.server)
    write()
    expect(await here.host.backup()).toMatchObject({ kind: 'full', promoted: null, warnings: [], artefacts: 9 })
    const scns = [write(), write()]
    expect(await here.host.backup()).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
    write()
    const last = await here.host.backup()
    expect(last).toMatchObject({ kind: 'log', promoted: null, warnings: [] })
    expect(last.peakRssBytes).toBeLessThan(128 * 1024 ** 2)
    const latest = await restored(here)
    expect(Object.keys(latest.got)).toHaveLength(4)
    expect(latest.got).toEqual(latest.held)
    const { got, held } = await restored(here, '--before', String(scns[0]! + 1n))
    expect(Object.keys(got)).toHaveLength(2)
    expect(got).toEqual(held)
  },
)

test('a run that is killed in backup mode: the next one ends it, and nothing of it stays on the server', async () => {
  const here = await start('remote')
  const { server, host } = here
  const doctor = await host.failsafe(['doctor', 'shop', '--json'])
  const found = lastJson(doctor).checks.filter(({ source }: { source: string | null }) => source === 'shop')
  expect(found.map(({ outcome }: { outcome: string }) => outcome)).not.toContain('failed')
  let kill = () => {}
  server.faults.add(/^BFILE READ .*users01/, () => kill())
  await host.failsafe(['backup', 'shop', '--json'], {
    onStart: child => {
      kill = () => child.kill('SIGKILL')
    },
  })
  expect(active(server)).toBeGreaterThan(0)
  const done = await host.failsafe(['backup', 'shop', '--json'])
  expect(lastJson(done), done.stderr).toMatchObject({ type: 'summary', kind: 'full' })
  expect(
    lastJson(done)
      .warnings.map(({ message }: { message: string }) => message)
      .join(),
  ).toContain('in backup mode; it was ended')
  expect(active(server)).toBe(0)
  expect(server.database.directories).toEqual([])
  const [source] = await readdir(host.staging)
  expect(existsSync(join(host.staging, source!, 'undo.json'))).toBe(false)
  const { got, held } = await restored(here)
  expect(got).toEqual(held)
})
