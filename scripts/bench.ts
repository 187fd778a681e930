/**
 * `npm run bench [-- mysql] [--mib 700] [--rounds 3] [--shapes small,huge,blobs] [--record]`: the whole job of the built binary, backup and the way
 * back, beside the same job done with Debian's own tools, on the same servers, to the same embedded cloud, in interleaved rounds.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { startCloud } from '../infra/local/cloud.ts'
import { messageOf } from '../shared/failure.ts'
import { type Database, startDatabase } from '../test/support/database.ts'
import { runOk } from '../test/support/run.ts'
import { appliers } from './bench/appliers.ts'
import { type Contender, contenders } from './bench/contenders.ts'
import { type Round, ratio, report } from './bench/report.ts'
import { type Shape, shapes } from './bench/shapes.ts'
import { Store } from './bench/store.ts'
import { setUpCustomer } from './demo/customer.ts'
import { measure } from './demo/fill.ts'
import { hostTarget } from './package/targets.ts'
import { describeRun } from './proof/machine.ts'
import { record } from './proof/section.ts'
import { setUp } from './setup.ts'

const root = dirname(import.meta.dirname)
process.chdir(root)
const { values, positionals } = parseArgs({
  options: {
    mib: { type: 'string', default: '700' },
    rounds: { type: 'string', default: '3' },
    shapes: { type: 'string', default: shapes.map(({ name }) => name).join(',') },
    record: { type: 'boolean' },
  },
  allowPositionals: true,
})
const [size, rounds] = [Number(values.mib), Number(values.rounds)]
const chosen = values.shapes.split(',').map(name => shapes.find(shape => shape.name === name))
if (![size, rounds].every(number => Number.isInteger(number) && number >= 1) || chosen.includes(undefined)) {
  console.error(`--mib and --rounds want whole numbers above 0, --shapes some of ${shapes.map(({ name }) => name)}.`)
  process.exit(2)
}
if (positionals.some(name => name !== 'mysql')) {
  console.error('There is one benchmark: mysql.')
  process.exit(2)
}
if (hostTarget?.os !== 'linux') {
  console.error(`The benchmark needs Linux on x64 or arm64; this is ${process.platform} on ${process.arch}.`)
  process.exit(2)
}
if (!(await setUp('bench'))) process.exit(2)

const started = new Date()
const directory = await mkdtemp(join(tmpdir(), 'failsafe-bench-'))
const release: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
const Enrolled = z.object({ recipients: z.array(z.string()).min(1) })
const serverOptions = { innodb_buffer_pool_size: '1G', innodb_log_file_size: '512M' }
try {
  await runOk(process.execPath, ['scripts/package.ts', '--target', hostTarget.name])
  const cloud = await startCloud({ directory: join(directory, 'cloud') })
  release.push(() => cloud.close())
  const store = new Store(cloud)
  release.push(async () => store.close())
  const admin = (...args: string[]) =>
    runOk(process.execPath, ['admin/main.ts', ...args, '--local', join(directory, 'cloud')])
  await admin('tenant', 'create', 'bench', '--name', 'Benchmark')

  const text = await describeRun(root, started)
  for (const shape of chosen) text.push(...(await ofShape(shape!, store, admin)))
  console.log(`\n${text.join('\n')}`)
  if (values.record) await record('docs/proof.md', 'Benchmark (npm run bench)', text.join('\n'))
} catch (error) {
  console.error(`The benchmark failed: ${messageOf(error)}`)
  process.exitCode = 1
} finally {
  for (const undo of release.reverse())
    await undo().catch(error => console.error(`while cleaning up: ${error.message}`))
}
process.exit()

/** Both ways with one server's data; returns the report's lines. */
async function ofShape(
  shape: Shape,
  store: Store,
  admin: (...args: string[]) => Promise<{ stdout: string }>,
): Promise<string[]> {
  const home = join(directory, shape.name)
  const server = await startDatabase({ directory: join(home, 'server'), options: serverOptions })
  try {
    console.log(`Filling a server: ${shape.is}, about ${size} MiB ...`)
    await shape.fill(server, size)
    const { bytes, tables } = await measure(server)
    const binary = join(root, 'dist', hostTarget!.file)
    const customer = await setUpCustomer(join(home, 'customer'), binary, server)
    await addPhysicalSource(customer.config)
    const { enrol } = JSON.parse((await admin('enrol-token', 'bench', '--json')).stdout) as { enrol: string }
    const { recipients } = await customer.failsafe(Enrolled, [
      'enrol',
      enrol,
      '--name',
      shape.name,
      '--recovery-kit',
      customer.kit,
    ])
    const common = `--config "${customer.config}" --json`
    const there = await interleaved(
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

async function interleaved(runners: Contender[]): Promise<{ rounds: Round[]; does: string[] }> {
  const results: Round[] = []
  for (let round = 0; round < rounds; round++) {
    // Whoever goes first finds colder caches: the order turns with each round.
    const order = runners.map((_, index) => runners[(index + round) % runners.length]!)
    const result: Round = Object.fromEntries(runners.map(({ name }) => [name, undefined!]))
    for (const { name, run } of order) {
      result[name] = await run(round)
      console.log(`round ${round + 1}: ${name} ${result[name].wall.toFixed(1)} s`)
    }
    results.push(result)
  }
  return { rounds: results, does: runners.map(({ name, does }) => `- ${name}: \`${does}\``) }
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
