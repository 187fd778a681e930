import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { backupUser, type Oracle } from '../doubles/tns/oracle.ts'
import { recovered, type State } from '../engines/oracle/operator.ts'
import type { TestCloud } from '../support/cloud.ts'
import { lastJson } from '../support/run.ts'
import { type Host, newHost } from './customer.ts'

/** A host whose source `shop` is this database. @param more lines of its entry in failsafe.yaml */
export function oracleHost(cloud: TestCloud, { port, database }: Oracle, more: readonly string[]): Promise<Host> {
  return newHost({ cloud }, async directory => {
    const passwordFile = join(directory, 'shop.pw')
    await writeFile(passwordFile, `${backupUser.password}\n`, { mode: 0o600 })
    return [
      'engine: oracle',
      `connection: { port: ${port}, service: ${database.uniqueName}, user: '${backupUser.name}', passwordFile: ${passwordFile} }`,
      `directory: ${join(database.directory, 'diag')}`,
      ...more,
    ]
  })
}

/** Lays a backup out. @param name of the folder, in that of the host. @returns its path */
export async function laidOut(host: Host, name: string, ...options: string[]): Promise<string> {
  const to = join(host.directory, name)
  const done = await host.failsafe(['restore', 'shop', '--to', to, '--identity', host.kit, '--json', ...options])
  expect(done.code, done.stdout + done.stderr).toBe(0)
  expect(lastJson(done)).toMatchObject({ type: 'summary', engine: 'oracle', applied: false, warnings: [] })
  return to
}

/** What an operator gets who follows the scripts of a folder, and what the database held then. */
export async function followed(to: string, { database }: Oracle): Promise<{ got: State; held: State }> {
  const names = ['prepare.sh', 'restore.sql', 'restore.rman', 'RESTORE.md']
  const scripts = await Promise.all(
    names.map(async name => ({ name, content: await readFile(join(to, name), 'utf8') })),
  )
  return recovered(scripts, to, database)
}

/** What a run would have to take back of a killed one is noted in the source's folder of the staging directory. */
export async function expectNothingToUndo({ staging }: Host): Promise<void> {
  const [source] = await readdir(staging)
  expect(existsSync(join(staging, source!, 'undo.json'))).toBe(false)
}
