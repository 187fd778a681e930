/**
 * `npm run bench [-- --mib 1300] [-- --rounds 3] [-- --record]`: the whole job of the built binary beside the same job done with
 * mariadb-dump and with mydumper, on the same server, to the same embedded cloud, in interleaved rounds.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { startCloud } from '../infra/local/cloud.ts'
import { messageOf } from '../shared/failure.ts'
import { startDatabase } from '../test/support/database.ts'
import { runOk } from '../test/support/run.ts'
import { contenders } from './bench/contenders.ts'
import { type Round, report } from './bench/report.ts'
import { Store } from './bench/store.ts'
import { setUpCustomer } from './demo/customer.ts'
import { fill, measure } from './demo/fill.ts'
import { hostTarget } from './package/targets.ts'
import { describeRun } from './proof/machine.ts'
import { record } from './proof/section.ts'
import { setUp } from './setup.ts'

const root = dirname(import.meta.dirname)
process.chdir(root)
const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '1300' },
    rounds: { type: 'string', default: '3' },
    record: { type: 'boolean' },
  },
})
const [size, rounds] = [Number(values.mib), Number(values.rounds)]
if (![size, rounds].every(number => Number.isInteger(number) && number >= 1)) {
  console.error('--mib and --rounds want whole numbers above 0.')
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
try {
  const cloud = await startCloud({ directory: join(directory, 'cloud') })
  release.push(() => cloud.close())
  const server = await startDatabase({
    directory: join(directory, 'server'),
    options: { innodb_buffer_pool_size: '1G', innodb_log_file_size: '512M' },
  })
  release.push(() => server.stop())
  console.log(`Filling a server with about ${size} MiB ...`)
  await fill(server, size)
  const { bytes, tables } = await measure(server)
  console.log(`${(bytes / 2 ** 20).toFixed(0)} MiB in ${tables} tables.`)

  await runOk(process.execPath, ['scripts/package.ts', '--target', hostTarget.name])
  const binary = join(root, 'dist', hostTarget.file)
  const customer = await setUpCustomer(join(directory, 'customer'), binary, server)
  const admin = (...args: string[]) =>
    runOk(process.execPath, ['admin/main.ts', ...args, '--local', join(directory, 'cloud')])
  await admin('tenant', 'create', 'bench', '--name', 'Benchmark')
  const { enrol } = JSON.parse((await admin('enrol-token', 'bench', '--json')).stdout) as { enrol: string }
  const Enrolled = z.object({ recipients: z.array(z.string()).min(1) })
  const { recipients } = await customer.failsafe(Enrolled, ['enrol', enrol, '--recovery-kit', customer.kit])

  const store = new Store(cloud)
  release.push(async () => store.close())
  const runners = contenders({
    root,
    directory,
    server,
    store,
    recipient: recipients[0]!,
    failsafe: `"${binary}" backup shop --mode full --config "${customer.config}" --json`,
  })
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
  const text = [
    ...(await describeRun(root, started)),
    `- database: ${(bytes / 2 ** 20).toFixed(0)} MiB of tables and indexes, ${tables} tables, ${rounds} rounds`,
    ...runners.map(({ name, does }) => `- ${name}: \`${does}\``),
    '',
    report(results, bytes),
  ].join('\n')
  console.log(`\n${text}`)
  if (values.record) await record('docs/proof.md', 'Benchmark (npm run bench)', text)
} catch (error) {
  console.error(`The benchmark failed: ${messageOf(error)}`)
  process.exitCode = 1
} finally {
  for (const undo of release.reverse())
    await undo().catch(error => console.error(`while cleaning up: ${error.message}`))
}
process.exit()
