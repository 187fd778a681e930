/**
 * `npm run bench [-- mysql] [--mib 700] [--rounds 3] [--shapes small,huge,blobs] [--record]`: the whole job of the built binary, backup and the way
 * back, beside the same job done with Debian's own tools, on the same servers, to the same embedded cloud, in interleaved rounds.
 * `npm run bench -- push [--gib 10] [--mib 2048] [--rounds 3] [--record]`: sealed parts into the store, beside programs that send the same files, and the peak memory of the built
 * binary while it backs up `gib` GiB.
 * `npm run bench -- oracle [--gib 4] [--record]`: one data file of so many GiB through the connection of a stand-in for an Oracle server: rate, round trips, peak memory.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { startCloud } from '../infra/local/cloud.ts'
import { messageOf } from '../shared/failure.ts'
import { runOk } from '../test/support/run.ts'
import type { Bench } from './bench/bench.ts'
import { benchMysql } from './bench/mysql.ts'
import { benchOracle } from './bench/oracle.ts'
import { benchPush } from './bench/push.ts'
import { shapes } from './bench/shapes.ts'
import { Store } from './bench/store.ts'
import { hostTarget } from './package/targets.ts'
import { describeRun } from './proof/machine.ts'
import { record } from './proof/section.ts'
import { setUp } from './setup.ts'

const root = dirname(import.meta.dirname)
process.chdir(root)
const { values, positionals } = parseArgs({
  options: {
    mib: { type: 'string' },
    gib: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    shapes: { type: 'string', default: shapes.map(({ name }) => name).join(',') },
    record: { type: 'boolean' },
  },
  allowPositionals: true,
})
const [name = 'mysql', ...more] = positionals
if (!['mysql', 'push', 'oracle'].includes(name) || more.length > 0) {
  console.error('There are three benchmarks: mysql, push and oracle.')
  process.exit(2)
}
const [size, large, rounds] = [
  values.mib ?? (name === 'mysql' ? '700' : '2048'),
  values.gib ?? (name === 'oracle' ? '4' : '10'),
  values.rounds,
].map(Number)
const chosen = values.shapes.split(',').map(wanted => shapes.find(shape => shape.name === wanted))
if (![size, large, rounds].every(number => Number.isInteger(number) && number! >= 1) || chosen.includes(undefined)) {
  console.error(
    `--mib, --gib and --rounds want whole numbers above 0, --shapes some of ${shapes.map(({ name }) => name)}.`,
  )
  process.exit(2)
}
if (hostTarget?.os !== 'linux') {
  console.error(`The benchmark needs Linux on x64 or arm64; this is ${process.platform} on ${process.arch}.`)
  process.exit(2)
}
if (!(await setUp('bench'))) process.exit(2)

const headings: Record<string, string> = {
  mysql: 'Benchmark (npm run bench)',
  push: 'Benchmark of sending (npm run bench -- push)',
  oracle: 'Benchmark of Oracle from another machine (npm run bench -- oracle)',
}
const started = new Date()
const directory = await mkdtemp(join(tmpdir(), 'failsafe-bench-'))
const release: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
try {
  await runOk(process.execPath, ['scripts/package.ts', '--target', hostTarget.name])
  const cloud = await startCloud({ directory: join(directory, 'cloud') })
  release.push(() => cloud.close())
  const store = new Store(cloud)
  release.push(async () => store.close())
  const admin = (...args: string[]) =>
    runOk(process.execPath, ['admin/main.ts', ...args, '--local', join(directory, 'cloud')])
  await admin('tenant', 'create', 'bench', '--name', 'Benchmark')
  const bench: Bench = {
    root,
    directory,
    binary: join(root, 'dist', hostTarget.file),
    store,
    async enrol() {
      return JSON.parse((await admin('enrol-token', 'bench', '--json')).stdout).enrol
    },
  }

  const text = await describeRun(root, started)
  if (name === 'push') text.push(...(await benchPush(bench, { size: size!, large: large!, rounds: rounds! })))
  else if (name === 'oracle') text.push(...(await benchOracle(bench, { large: large! })))
  else for (const shape of chosen) text.push(...(await benchMysql(bench, shape!, { size: size!, rounds: rounds! })))
  console.log(`\n${text.join('\n')}`)
  if (values.record) await record('docs/proof.md', headings[name]!, text.join('\n'))
} catch (error) {
  console.error(`The benchmark failed: ${messageOf(error)}`)
  process.exitCode = 1
} finally {
  for (const undo of release.reverse())
    await undo().catch(error => console.error(`while cleaning up: ${error.message}`))
}
process.exit()
