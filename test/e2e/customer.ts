import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { type Finished, lastJson, run, runOk } from '../support/run.ts'
import { failsafeBinary } from './binary.ts'

export interface Host {
  directory: string
  cloud: TestCloud
  /** The recovery kit, which a real customer would keep elsewhere. */
  kit: string
  configFile: string
  state: string
  staging: string
  /** Runs the built binary with this customer's configuration. */
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

interface HostSetting {
  cloud?: TestCloud
  stagingMaxBytes?: string
  enrol?: boolean
}

export interface Setting extends HostSetting {
  database?: Database
  /** More lines of the source's entry in failsafe.yaml. */
  source?: string[]
}

/**
 * A customer as the product's users are: an embedded cloud of the provider's, a real MariaDB, one file dropped on the server,
 * enrolled with a new recovery kit. What the setting brings along is shared and stays; what is started here is stopped here.
 */
export async function newCustomer(setting: Setting = {}): Promise<Customer> {
  const database = setting.database ?? (await startDatabase())
  await writeBackupUser(database)
  const host = await newHost(
    passwordFile => [
      'engine: mysql',
      `connection: { host: 127.0.0.1, port: ${database.port}, user: backup, passwordFile: ${passwordFile} }`,
      ...(setting.source ?? []),
    ],
    backupPassword,
    setting,
  )
  return {
    ...host,
    database,
    async close() {
      if (!setting.database) await database.stop()
      await host.close()
    },
  }
}

/** The same around any application. @param entry lines of the source `shop` in failsafe.yaml, by the file that its password lies in */
export async function newHost(
  entry: (passwordFile: string) => string[],
  password: string,
  setting: HostSetting = {},
): Promise<Host> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-e2e-'))
  const cloud = setting.cloud ?? (await startTestCloud())
  const state = join(directory, 'state')
  const staging = join(directory, 'staging')
  const kit = join(directory, 'offsite', 'recovery-kit.txt')
  const configFile = join(directory, 'failsafe.yaml')
  await mkdir(join(directory, 'offsite'))
  const passwordFile = join(directory, 'shop.pw')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  await writeFile(
    configFile,
    [
      `state: { dir: ${state} }`,
      `staging: { dir: ${staging}, maxBytes: ${setting.stagingMaxBytes ?? '512MiB'} }`,
      'sources:',
      '  shop:',
      ...entry(passwordFile).map(line => `    ${line}`),
      '',
    ].join('\n'),
  )
  await chmod(configFile, 0o600)

  const tenant = `t${Math.random().toString(36).slice(2, 10)}`
  const admin = (args: string[]) => runOk(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])
  const failsafe = (args: string[], options?: Parameters<typeof run>[2]) =>
    run(failsafeBinary, [...args, '--config', configFile], options)
  const newEnrolToken = async (...options: string[]) =>
    JSON.parse((await admin(['enrol-token', tenant, ...options, '--json'])).stdout).enrol as string

  await admin(['tenant', 'create', tenant, '--name', 'Test tenant'])
  if (setting.enrol !== false) {
    const enrolled = await failsafe(['enrol', await newEnrolToken(), '--recovery-kit', kit])
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
