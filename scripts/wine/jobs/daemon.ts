/** In wine, with Node for Windows: `failsafe run` backs up by its schedule, and other processes reach it and its runs through their pipes. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fillIncompressible, fillShop } from '../../../test/e2e/shop.ts'
import { databaseAt } from '../../../test/support/database.ts'
import { lastJson, run } from '../../../test/support/run.ts'
import { enrol, programs, shown, until } from './host.ts'

const Status = z.looseObject({
  daemon: z.looseObject({ pid: z.number() }).nullable(),
  sources: z.array(z.looseObject({ run: z.looseObject({ pid: z.number() }).nullable() })),
})

const port = Number(process.env.MARIADB_PORT)
const source = databaseAt(port)
await fillShop(source, 2000)
const host = await enrol('C:\\daemon', 'shop', [
  'engine: mysql',
  `connection: { port: ${port}, user: root }`,
  'schedule: { full: "* * * * *" }',
])
const status = async () => Status.parse(await host.failsafe('status'))
const marks = () => readdir(join(host.directory, 'state', 'run'))

let daemon = start()
await until('status sees the daemon', async () => (await status()).daemon !== null)
const second = await start().ended
equal(lastJson(second).code, 'daemon-running', second.stderr)
shown('the daemon runs, status sees it, and a second one is refused')

const made = async () => z.looseObject({ snapshots: z.array(z.unknown()) }).parse(await host.failsafe('list', 'shop'))
await until('a full was made at its minute', async () => (await made()).snapshots.length > 0, 120)
shown('a full backup was made at its minute')

await fillIncompressible(source, 256)
await until('a backup is going on', async () => (await status()).sources[0]?.run !== null, 120)
const cancelled = z.looseObject({ cancelled: z.boolean(), said: z.string().nullable() })
const { cancelled: ended, said } = cancelled.parse(await host.failsafe('cancel', 'shop'))
equal(ended, true)
match(said!, /interrupted|kept/)
shown('status sees a backup that is going on, and cancel ends it')

await host.failsafe('service', 'stop')
const stopped = await daemon.ended
deepEqual([stopped.code, lastJson(stopped).type], [0, 'summary'], stopped.stderr)
match(await readFile(join(host.directory, 'state', 'log', 'failsafe.log'), 'utf8'), /failsafe has stopped/)
equal((await status()).daemon, null)
deepEqual(await marks(), [])
shown('service stop asks the daemon to end, and it does')

daemon = start()
await until('a backup is going on', async () => (await status()).sources[0]?.run !== null, 120)
const [{ run: going }] = (await status()).sources as [{ run: { pid: number } }]
process.kill(going.pid)
daemon.kill()
await daemon.ended
await until('nothing is seen of them', async () => {
  const { daemon, sources } = await status()
  return daemon === null && sources[0]?.run === null
})
deepEqual(await marks(), [])
await host.backup('full')
shown('killed, both of them: nothing is seen of them, and the next backup is made')

function start() {
  let kill = () => {}
  const args = ['run', '--config', join(host.directory, 'failsafe.yaml'), '--json']
  const ended = run(join(programs, 'failsafe.exe'), args, { onStart: child => (kill = () => child.kill('SIGKILL')) })
  return { ended, kill: () => kill() }
}
