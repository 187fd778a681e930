import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2/promise'
import { z } from 'zod'
import { type Database, startDatabase } from '../../test/support/database.ts'
import { setUpCustomer } from '../demo/customer.ts'
import { measure } from '../demo/fill.ts'
import { appliers } from './appliers.ts'
import type { Bench } from './bench.ts'
import { contenders } from './contenders.ts'
import { interleaved } from './interleaved.ts'
import { ratio, report } from './report.ts'
import type { Shape } from './shapes.ts'

const Enrolled = z.object({ recipients: z.array(z.string()).min(1) })
const serverOptions = { innodb_buffer_pool_size: '1G', innodb_log_file_size: '512M' }

/**
 * The whole job of the built binary, backup and the way back, beside the same job done with Debian's own tools, on the same server.
 * @param size about how many MiB of data
 * @returns the report's lines
 */
export async function benchMysql(
  { root, directory, binary, store, enrol }: Bench,
  shape: Shape,
  { size, rounds }: { size: number; rounds: number },
): Promise<string[]> {
  const home = join(directory, shape.name)
  const server = await startDatabase({ directory: join(home, 'server'), options: serverOptions })
  try {
    console.log(`Filling a server: ${shape.is}, about ${size} MiB ...`)
    await shape.fill(server, size)
    await settle(server)
    const { bytes, tables } = await measure(server)
    const customer = await setUpCustomer(join(home, 'customer'), binary, server)
    await addPhysicalSource(customer.config)
    const { recipients } = await customer.failsafe(Enrolled, [
      'enrol',
      await enrol(),
      '--name',
      shape.name,
      '--recovery-kit',
      customer.kit,
    ])
    const common = `--config "${customer.config}" --json`
    const there = await interleaved(
      rounds,
      contenders({
        root,
        directory: home,
        server,
        store,
        recipient: recipients[0]!,
        failsafe: source => `"${binary}" backup ${source} --mode full ${common}`,
      }),
    )
    const back = await interleaved(
      rounds,
      appliers({
        directory: home,
        store,
        identity: customer.kit,
        failsafe: (to, target) =>
          `"${binary}" restore shop --to "${to}" --identity "${customer.kit}" --apply --target "${target}" ${common}`,
        options: serverOptions,
        check: target => requireEqual(server, target),
      }),
    )
    return [
      '',
      `### ${shape.name}: ${shape.is}; ${(bytes / 2 ** 20).toFixed(0)} MiB in ${tables} tables`,
      '',
      'Backup:',
      '',
      ...there.does,
      '',
      report(there.rounds, bytes),
      '',
      `Speed against the faster of mariadb-dump and mydumper: ${ratio(there.rounds, 'failsafe', 'mariadb-dump', 'mydumper').toFixed(2)}; of the physical method against mariadb-backup's pipe: ${ratio(there.rounds, 'failsafe physical', 'mariadb-backup').toFixed(2)} (above 1: faster).`,
      '',
      'The way back, download and opening included:',
      '',
      ...back.does,
      '',
      report(back.rounds, bytes),
      '',
      `Speed against myloader: ${ratio(back.rounds, 'failsafe', 'myloader').toFixed(2)} (above 1: faster).`,
    ]
  } finally {
    await server.stop()
    await rm(home, { recursive: true, force: true })
  }
}

/** A server writes for minutes what came into its memory: whoever copies its files first would have more to copy, and the server beside itself. */
async function settle(server: Database): Promise<void> {
  const connection = await server.connect()
  try {
    const set = async (values: Record<string, string>) => {
      for (const [name, value] of Object.entries(values)) await connection.query(`SET GLOBAL ${name} = ${value}`)
    }
    const usual = {
      innodb_max_dirty_pages_pct: 'DEFAULT',
      innodb_io_capacity: 'DEFAULT',
      innodb_io_capacity_max: 'DEFAULT',
    }
    await set({ innodb_max_dirty_pages_pct: '0', innodb_io_capacity_max: '20000', innodb_io_capacity: '20000' })
    for (;;) {
      const [[row]] = await connection.query<({ Value: string } & RowDataPacket)[]>(
        "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'",
      )
      if (Number(row!.Value) < 100) break
      await sleep(500)
    }
    await set(usual)
  } finally {
    await connection.end()
  }
}

/** The same server once more, by the other method. */
async function addPhysicalSource(config: string): Promise<void> {
  const text = await readFile(config, 'utf8')
  const logical = text.slice(text.indexOf('  shop:'))
  await writeFile(config, `${text}${logical.replace('shop:', 'physical:\n    method: physical')}`)
}

/** @throws where a table of the target has other rows than the source's */
async function requireEqual(source: Database, target: Database): Promise<void> {
  const [expected, found] = await Promise.all([source, target].map(checksums))
  if (JSON.stringify(expected) !== JSON.stringify(found)) throw new Error('what was loaded is not what was backed up')
}

async function checksums(server: Database): Promise<unknown> {
  const connection = await server.connect('bench')
  try {
    const [tables] = (await connection.query('SHOW FULL TABLES')) as unknown as [Record<string, string>[]]
    const names = tables.map(row => `\`${Object.values(row)[0]}\``).sort()
    const [sums] = await connection.query(`CHECKSUM TABLE ${names.join(', ')}`)
    return sums
  } finally {
    await connection.end()
  }
}
