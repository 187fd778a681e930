/** In wine, with Node for Windows: the binary backs a MariaDB server up that runs outside, on Linux, and restores it into another one there. */
import { deepEqual, equal, notDeepEqual } from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { fillShop } from '../../../test/e2e/shop.ts'
import { compareServers, describeServer, differences } from '../../../test/support/compare-servers.ts'
import { databaseAt, type Reachable } from '../../../test/support/database.ts'
import { enrol, shown } from './host.ts'

const [port, targetPort] = [Number(process.env.MARIADB_PORT), Number(process.env.MARIADB_TARGET_PORT)]
const [source, target] = [databaseAt(port), databaseAt(targetPort)]
await fillShop(source)
await source.execute('CREATE TABLE shop.ticks (id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(6) DEFAULT NOW(6))')
const tick = 'INSERT INTO shop.ticks () VALUES ()'

const host = await enrol('C:\\mariadb', 'shop')
await host.failsafe('init', '--yes', '--connect', `127.0.0.1:${port}`, '--name', 'shop')
await host.failsafe('doctor', 'shop')
shown('init made an account and the source with its schedule, and the doctor was content')

let writing = true
const written = (async () => {
  while (writing) await source.execute(tick)
})()
const full = await host.backup('full')
writing = false
await written
deepEqual([full.kind, full.promoted, full.warnings], ['full', null, []])
shown(`a full backup of ${full.artefacts} artefacts, while rows were written`)

for (let run = 0; run < 2; run++) {
  await source.execute(
    tick,
    'UPDATE shop.orders SET total = total + 1 WHERE id < 100',
    `ALTER TABLE shop.nothing ADD COLUMN b${run} INT DEFAULT 3`,
  )
  await logOnly()
}
shown('two runs of logs')

const kills = ['part-sent', 'staging-journalled', 'parts-uploaded', 'commit-answered', 'directory-removed'] as const
for (const point of kills) {
  await source.execute(tick)
  await host.dieAt(point, 'log')
  await source.execute(tick)
  await logOnly()
  deepEqual(await readdir(join(host.directory, 'staging')), [], point)
}
shown(
  `killed at ${kills.length} steps of a run of logs: the next run takes it up or makes it anew, and staging is empty`,
)

// MariaDB's log tells seconds apart, not more.
await setTimeout(1100)
const at = new Date().toISOString()
const wanted = await describe(source)
await setTimeout(1100)
await source.execute('DELETE FROM shop.orders', 'DROP TABLE shop.ticks')
await logOnly()
await host.failsafe('verify', 'shop', '--identity', host.kit)
const url = `mysql://root@127.0.0.1:${targetPort}`
const applied = await host.restore('applied', '--at', at, '--apply', '--target', url)
deepEqual([applied.applied, applied.warnings], [true, []])
deepEqual(differences(wanted, await describe(target)), [])
notDeepEqual(await compareServers(source, target), [])
shown(
  'verify; restore --apply --at into a second server: all that the first one had before the mistake, and nothing of it',
)

// What the binary for Linux makes of the same server, and of this backup, is compared outside.
equal((await host.backup('full')).kind, 'full')
await host.restore('laid-out')
const { url: link } = z.looseObject({ url: z.string() }).parse(await host.failsafe('link', 'shop'))
await writeFile(join(host.directory, 'link.txt'), link)

async function logOnly(): Promise<void> {
  const { kind, promoted, warnings } = await host.backup('log')
  deepEqual([kind, promoted, warnings?.filter(({ code }) => code !== 'earlier-run')], ['log', null, []])
}

async function describe(server: Reachable) {
  const connection = await server.connect()
  try {
    return await describeServer(connection)
  } finally {
    await connection.end()
  }
}
