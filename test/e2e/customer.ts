import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { Provider } from '../support/provider.ts'
import { type Finished, lastJson, run, runOk } from '../support/run.ts'
import { failsafeBinary } from './binary.ts'

/** An enrolled host with a source `shop`. */
export interface Host {
  directory: string
  cloud: TestCloud
  /** The recovery kit, which a real customer would keep elsewhere. */
  kit: string
  configFile: string
  state: string
  staging: string
  /** Runs the built binary with this host's configuration. */
  failsafe(args: string[], options?: Parameters<typeof run>[2]): Promise<Finished>
  /** `failsafe backup shop --json`, which must succeed; its summary. */
  backup(): Promise<Record<string, any>>
  admin(args: string[]): Promise<Finished>
  newEnrolToken(...options: string[]): Promise<string>
  close(): Promise<void>
}

export interface Customer extends Host {
  database: Database
}

export interface Setting {
  cloud?: TestCloud
  database?: Database
  stagingMaxBytes?: string
  /** More lines of the source's entry in failsafe.yaml. */
  source?: string[]
  enrol?: boolean
}

/**
 * A customer as the product's users are: an embedded cloud of the provider's, a real MariaDB, one file dropped on the server,
 * enrolled with a new recovery kit. What the setting brings along is shared and stays; what is started here is stopped here.
 */
export async function newCustomer(setting: Setting = {}): Promise<Customer> {
  const database = setting.database ?? (await startDatabase())
  await writeBackupUser(database)
  const host = await newHost(setting, async directory => {
    const passwordFile = join(directory, 'shop.pw')
    await writeFile(passwordFile, `${backupPassword}\n`, { mode: 0o600 })
    return [
      'engine: mysql',
      `connection: { host: 127.0.0.1, port: ${database.port}, user: backup, passwordFile: ${passwordFile} }`,
      ...(setting.source ?? []),
    ]
  })
  return {
    ...host,
    database,
    async close() {
      if (!setting.database) await database.stop()
      await host.close()
    },
  }
}

/** @param entry the lines of the source's entry in failsafe.yaml, for a host whose files lie in this directory */
export async function newHost(
  setting: Pick<Setting, 'cloud' | 'stagingMaxBytes' | 'enrol'>,
  entry: (directory: string) => Promise<string[]>,
): Promise<Host> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-e2e-'))
  const cloud = setting.cloud ?? (await startTestCloud())
  const state = join(directory, 'state')
  const staging = join(directory, 'staging')
  const kit = join(directory, 'offsite', 'recovery-kit.txt')
  const configFile = join(directory, 'failsafe.yaml')
  await mkdir(join(directory, 'offsite'))
  await writeFile(
    configFile,
    [
      `state: { dir: ${state} }`,
      `staging: { dir: ${staging}, maxBytes: ${setting.stagingMaxBytes ?? '512MiB'} }`,
      'sources:',
      '  shop:',
      ...(await entry(directory)).map(line => `    ${line}`),
      '',
    ].join('\n'),
  )
  await chmod(configFile, 0o600)

  const tenant = `t${Math.random().toString(36).slice(2, 10)}`
  const provider = new Provider(cloud)
  const admin = (args: string[]) => runOk(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])
  const failsafe = (args: string[], options?: Parameters<typeof run>[2]) =>
    run(failsafeBinary, [...args, '--config', configFile], options)
  const newEnrolToken = async (...options: string[]) =>
    JSON.parse((await admin(['enrol-token', tenant, ...options, '--json'])).stdout).enrol as string

  await provider.createTenant(tenant, 'Test tenant')
  if (setting.enrol !== false) {
    const enrolled = await failsafe(['enrol', await provider.enrolToken(tenant), '--recovery-kit', kit])
    if (enrolled.code !== 0) throw new Error(`enrol failed: ${enrolled.stdout}${enrolled.stderr}`)
  }

  return {
    directory,
    cloud,
    kit,
    configFile,
    state,
    staging,
    failsafe,
    admin,
    newEnrolToken,
    async backup() {
      const finished = await failsafe(['backup', 'shop', '--json'])
      if (finished.code !== 0)
        throw new Error(`backup ended with ${finished.code}: ${finished.stdout}${finished.stderr}`)
      return lastJson(finished)
    },
    async close() {
      if (!setting.cloud) await cloud.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export const backupPassword = 'p\'w\\ "ü'

/** The rights that docs/engines/mysql.md asks for, and no more. */
async function writeBackupUser(database: Database) {
  const connection = await database.connect()
  try {
    await connection.query(`CREATE OR REPLACE USER 'backup'@'%' IDENTIFIED BY ?`, [backupPassword])
    await connection.query(
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, PROCESS, BINLOG MONITOR, REPLICATION SLAVE ON *.* TO 'backup'@'%'`,
    )
  } finally {
    await connection.end()
  }
}
