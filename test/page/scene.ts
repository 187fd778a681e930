import type { Intercept } from '../../infra/local/s3/fault.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { lastJson } from '../support/run.ts'
import { type Host, newHost, shopOf } from '../uploader/host.ts'

export interface Link {
  url: string
  expiresAt: string
}

export interface Scene extends AsyncDisposable {
  cloud: TestCloud
  /** It has backed up its source `shop`. */
  host: Host
  /** What is backed up. */
  database: Database
  /** The full backup. */
  snapshot: string
  /** @returns the id of another snapshot */
  backUp(mode: 'full' | 'log'): Promise<string>
  /** @param options of `failsafe link` */
  link(...options: string[]): Promise<Link>
}

/** A receiver with its page, and a customer's server with a shop of which there is a full backup. @param options what becomes of requests to the vault */
export async function newScene(options: { intercept?: Intercept } = {}): Promise<Scene> {
  const [cloud, database] = await Promise.all([
    startTestCloud(options),
    startDatabase({ options: { log_bin: 'binlog', binlog_format: 'ROW' } }),
  ])
  await database.execute(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, note TEXT)',
    'INSERT INTO shop.orders (note) SELECT REPEAT(SHA2(seq, 512), 10) FROM shop.seq_1_to_4000',
    'CREATE TABLE shop.customers (id INT PRIMARY KEY, name TEXT)',
    "INSERT INTO shop.customers VALUES (1, 'Größe')",
  )
  const host = await newHost(cloud)
  const say = async (...args: string[]) => {
    const ended = await host.failsafe([...args, '--json'])
    if (ended.code !== 0) throw new Error(`failsafe ${args.join(' ')}: ${ended.stdout}${ended.stderr}`)
    return lastJson(ended)
  }
  await host.configure(...(await shopOf(host, database)))
  const backUp = async (mode: string) => (await say('backup', 'shop', '--mode', mode)).snapshot as string
  const snapshot = await backUp('full')
  return {
    cloud,
    host,
    database,
    snapshot,
    backUp,
    link: async (...options) => (await say('link', 'shop', ...options)) as Link,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]()
      await database.stop()
      await cloud.close()
    },
  }
}
