import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestCloud } from '../support/cloud.ts'
import type { Database } from '../support/database.ts'
import { Provider } from '../support/provider.ts'
import { runOk } from '../support/run.ts'
import { temporaryDirectory } from './directory.ts'
import { runHere } from './terminal.ts'

const admin = join(import.meta.dirname, '../../admin/main.ts')

export const backupRights =
  'SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, LOCK TABLES, PROCESS, BINLOG MONITOR, REPLICATION SLAVE'

/** A customer's server in this process, of a tenant of its own, enrolled unless the setting says otherwise. */
export async function newHost(cloud: TestCloud, { enrol = true }: { enrol?: boolean } = {}) {
  const directory = await temporaryDirectory()
  const config = directory.in('etc', 'failsafe.yaml')
  const kit = directory.in('recovery-kit.txt')
  const tenant = `t${Math.random().toString(36).slice(2, 10)}`
  const provider = (...args: string[]) => runOk(process.execPath, [admin, ...args, '--local', cloud.directory])
  const atProvider = new Provider(cloud)
  await atProvider.createTenant(tenant)
  const failsafe = (args: string[], options: Parameters<typeof runHere>[1] = {}) =>
    runHere([...args, '--config', config], { now: () => new Date(), ...options })
  const host = {
    config,
    kit,
    state: directory.in('state'),
    staging: directory.in('staging'),
    in: directory.in,
    failsafe,
    provider,
    tenant,
    /** Replaces the configuration: the directories of this host, and these lines. */
    async configure(...lines: string[]) {
      const head = [
        `state: { dir: ${directory.in('state')} }`,
        `staging: { dir: ${directory.in('staging')}, maxBytes: 64MiB }`,
      ]
      await writeFile(config, [...head, ...lines, ''].join('\n'), { mode: 0o600 })
    },
    async enrol() {
      const token = await atProvider.enrolToken(tenant)
      const { code, stderr } = await failsafe(['enrol', token, '--recovery-kit', kit])
      if (code !== 0) throw new Error(stderr)
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
  await runOk('mkdir', [directory.in('etc')])
  await host.configure()
  if (enrol) await host.enrol()
  return host
}
export type Host = Awaited<ReturnType<typeof newHost>>

/** Lines of a source `shop` that backs this server up with an account of its own, and its password file. */
export async function shopOf(host: Host, database: Database, ...more: string[]): Promise<string[]> {
  const passwordFile = host.in('shop.pw')
  await writeFile(passwordFile, 'secret\n', { mode: 0o600 })
  await database.execute(
    "CREATE OR REPLACE USER 'backup'@'%' IDENTIFIED BY 'secret'",
    `GRANT ${backupRights} ON *.* TO 'backup'@'%'`,
  )
  return [
    'sources:',
    '  shop:',
    '    engine: mysql',
    `    connection: { host: 127.0.0.1, port: ${database.port}, user: backup, passwordFile: ${passwordFile} }`,
    ...more.map(line => `    ${line}`),
  ]
}
