import { deepEqual, notEqual } from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { failsafeBinary } from '../../test/e2e/binary.ts'
import { newCustomer } from '../../test/e2e/customer.ts'
import type { TestCloud } from '../../test/support/cloud.ts'
import { startDatabase } from '../../test/support/database.ts'
import { runOk } from '../../test/support/run.ts'
import type { Beside } from './beside.ts'

/** A server that is backed up. */
export async function mariadbServer(): Promise<Beside> {
  const server = await startDatabase()
  return { env: { MARIADB_PORT: String(server.port) }, check: async () => [], close: () => server.stop() }
}

/** A server that is backed up, also by a customer with the binary for Linux, and one that is restored into. */
export async function mariadbServers(cloud: TestCloud): Promise<Beside> {
  const source = await startDatabase({ options: { log_bin: 'binlog', binlog_format: 'ROW' } })
  const target = await startDatabase()
  const customer = await newCustomer({ cloud, database: source })
  return {
    env: { MARIADB_PORT: String(source.port), MARIADB_TARGET_PORT: String(target.port) },

    async check(windows) {
      const theirs = (name: string) => windows.path('mariadb', name)
      const laidOut = await contentsOf(theirs('laid-out'))
      notEqual(laidOut.size, 0)
      const restore = async (from: string, name: string, kit: string) => {
        const to = join(customer.directory, name)
        await runOk(failsafeBinary, ['restore', from, '--to', to, '--identity', kit, '--config', customer.configFile])
        return contentsOf(to)
      }
      const link = await readFile(theirs('link.txt'), 'utf8')
      deepEqual(await restore(link, 'theirs', theirs('kit.txt')), laidOut)
      await customer.backup()
      deepEqual(await restore('shop', 'own', customer.kit), laidOut)
      return [
        `the binary for Linux restores that full by a link, and makes one of its own: the same ${laidOut.size} files each`,
      ]
    },

    async close() {
      await customer.close()
      await target.stop()
      await source.stop()
    },
  }
}

/** The files below a directory, by name. */
async function contentsOf(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return new Map(
    await Promise.all(paths.map(async path => [relative(directory, path), await readFile(path, 'latin1')] as const)),
  )
}
