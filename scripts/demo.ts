/**
 * `npm run demo [-- --keep] [-- --mib 350]`: the main job from end to end on this machine, with nothing simulated but Amazon: a real MariaDB,
 * the binary that ships, a restore into a second server, and a comparison of the two.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { startCloud } from '../infra/local/cloud.ts'
import { messageOf } from '../shared/failure.ts'
import { countsOf, describeServer, differences } from '../test/support/compare-servers.ts'
import { type Database, startDatabase } from '../test/support/database.ts'
import { runOk } from '../test/support/run.ts'
import { setUpCustomer } from './demo/customer.ts'
import { fill, measure } from './demo/fill.ts'
import { count, heading, mib, rate, say, table } from './demo/talk.ts'
import { hostTarget } from './package/targets.ts'
import { setUp } from './setup.ts'

const root = dirname(import.meta.dirname)
process.chdir(root)
const { values } = parseArgs({ options: { keep: { type: 'boolean' }, mib: { type: 'string', default: '350' } } })
const size = Number(values.mib)
if (!Number.isInteger(size) || size < 1) {
  console.error(`--mib wants a whole number of MiB, not "${values.mib}".`)
  process.exit(2)
}
if (hostTarget?.os !== 'linux') {
  console.error(`The demo needs Linux on x64 or arm64; this is ${process.platform} on ${process.arch}.`)
  process.exit(2)
}
if (!(await setUp('demo'))) process.exit(2)

const BackupSummary = z.object({
  snapshot: z.string(),
  bytes: z.object({ source: z.number(), sealed: z.number(), sent: z.number() }),
  seconds: z.number(),
  peakRssBytes: z.number(),
})
const RestoreSummary = z.object({
  files: z.number(),
  verified: z.literal(true),
  applied: z.literal(true),
  seconds: z.number(),
})

const directory = await mkdtemp(join(tmpdir(), 'failsafe-demo-'))
const release: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => 'interrupted' as const)
try {
  const outcome = await Promise.race([demo(), interrupted])
  if (outcome === 'interrupted') process.exitCode = 130
} catch (error) {
  console.error(`\nThe demo failed: ${messageOf(error)}`)
  if (process.env.FAILSAFE_DEBUG) console.error(error)
  process.exitCode = 1
} finally {
  for (const undo of release.reverse())
    await undo().catch(error => console.error(`while cleaning up: ${messageOf(error)}`))
}
process.exit()

async function demo(): Promise<void> {
  heading('The provider: the receiver, as it deploys to AWS, in the embedded cloud')
  const cloudDirectory = join(directory, 'cloud')
  const cloud = await startCloud({ directory: cloudDirectory })
  release.push(() => cloud.close())
  const admin = (...args: string[]) => runOk(process.execPath, ['admin/main.ts', ...args, '--local', cloudDirectory])
  say(`receiver ${cloud.url}`)

  heading('The customer: a MariaDB server at work')
  const source = await startDatabase({ directory: join(directory, 'source') })
  release.push(() => source.stop())
  await fill(source, size)
  const before = await measure(source)
  say(`${count(before.tables)} tables, about ${count(before.rows)} rows, ${mib(before.bytes)}; on port ${source.port}`)

  heading('The uploader: one file, built from this tree')
  await runOk(process.execPath, ['scripts/package.ts', '--target', hostTarget!.name])
  const binary = join(root, 'dist', hostTarget!.file)
  say((await runOk(binary, ['--version'])).stdout.trim())
  const customer = await setUpCustomer(join(directory, 'customer'), binary, source)

  heading('Enrolment: a one-time token from the provider, a recovery kit that only the customer has')
  await admin('tenant', 'create', 'demo', '--name', 'Demo customer')
  const { enrol } = JSON.parse((await admin('enrol-token', 'demo', '--json')).stdout) as { enrol: string }
  const agent = await customer.failsafe(z.object({ agent: z.string() }), [
    'enrol',
    enrol,
    '--name',
    'database-1',
    '--recovery-kit',
    customer.kit,
  ])
  say(`agent ${agent.agent}`)
  say(`recovery kit ${customer.kit}`)

  heading('Full backup of every database')
  const backup = await customer.failsafe(BackupSummary, ['backup', 'shop', '--mode', 'full'], event => {
    if (event.type === 'progress' && event.step) say(`${event.step}. ${event.text}`)
    if (event.type === 'warning') say(`warning: ${event.message}`)
  })
  say(`snapshot ${backup.snapshot}`)

  heading('Restore: a link, opened by someone who has only the link and the kit, into a second server')
  const { url } = await customer.failsafe(z.object({ url: z.string() }), [
    'link',
    'shop',
    '--expires',
    '1h',
    '--uses',
    '3',
  ])
  say(`link ${url.replace(/#.*/, '#...')}`)
  const second = await startDatabase({ directory: join(directory, 'second') })
  release.push(() => second.stop())
  const to = join(directory, 'restored')
  const target = `mysql://root@127.0.0.1:${second.port}`
  const args = ['restore', url, '--to', to, '--identity', customer.kit, '--apply', '--target', target]
  const restore = await customer.failsafe(RestoreSummary, args, event => {
    if (event.type === 'warning') say(`warning: ${event.message}`)
  })
  say(`${count(restore.files)} files in ${to}, loaded into port ${second.port}`)

  heading('Comparison: every table row by row, every definition, every account')
  const expected = await describe(source)
  const found = differences(expected, await describe(second))
  if (found.length > 0) throw new Error(`the restored server differs:\n  ${found.slice(0, 20).join('\n  ')}`)
  const compared = countsOf(expected)
  say(
    `no difference in ${count(compared.tables)} tables, ${count(compared.rows)} rows, ${count(compared.objects)} other objects`,
  )

  heading('What was proven')
  const { bytes } = backup
  table([
    ['database', `${mib(before.bytes)} in ${count(before.tables)} tables, ${mib(bytes.source)} as SQL`],
    [
      'sent',
      `${mib(bytes.sent)} sealed (${(bytes.source / bytes.sealed || 0).toFixed(1)} : 1), encrypted to the recovery kit`,
    ],
    [
      'backup',
      `${backup.seconds.toFixed(1)} s, ${rate(bytes.source, backup.seconds)}; peak memory ${mib(backup.peakRssBytes)}`,
    ],
    [
      'restore',
      `${restore.seconds.toFixed(1)} s, ${rate(bytes.source, restore.seconds)}, signature and hashes checked`,
    ],
    ['equal', `${count(compared.rows)} rows by hash, and every definition, account and grant`],
  ])
  if (values.keep) await keep(cloud.url, cloudDirectory, customer.config, source.port, second.port, url, binary)
}

async function keep(
  url: string,
  cloud: string,
  config: string,
  source: number,
  second: number,
  link: string,
  binary: string,
): Promise<void> {
  heading('Everything is still running; Ctrl-C ends and removes it')
  table([
    ['receiver', url],
    ['restore page', link],
    ['snapshots', `${binary} list shop --config ${config}`],
    ['provider', `npm run admin -- sources --local ${cloud}`],
    ['first server', `mariadb -h 127.0.0.1 -P ${source} -u root shop`],
    ['second server', `mariadb -h 127.0.0.1 -P ${second} -u root shop`],
  ])
  await interrupted
}

async function describe(server: Database) {
  const connection = await server.connect()
  try {
    return await describeServer(connection)
  } finally {
    await connection.end()
  }
}
