/**
 * `npm test`: set-up, static checks, all tests. `npm run test:long`: the counts that issues name, with the summary in docs/proof.md.
 * File name filters may follow: `npm test -- test/mysql`. The last line is `N passed, N failed`.
 */
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeRun } from './proof/machine.ts'
import { record } from './proof/section.ts'
import { setUp } from './setup.ts'
import { checks } from './test/checks.ts'
import { runTests, succeeds } from './test/run-tests.ts'

const root = dirname(import.meta.dirname)
process.chdir(root)
const { values, positionals } = parseArgs({ options: { long: { type: 'boolean' } }, allowPositionals: true })
const long = values.long ?? false
const started = Date.now()

if (!(await setUp('test'))) {
  console.log('0 passed, 1 failed')
  process.exit(2)
}

let passed = 0
const failures: string[] = []
for (const check of checks) {
  console.log(`\n── ${check.name}`)
  if (await succeeds(check.command, check.args)) passed++
  else failures.push(`${check.name} (${check.command})`)
}

console.log('\n── tests')
// Hundreds of processes load the same sources, which takes most of them longer than what they do.
const NODE_COMPILE_CACHE = join(root, 'build/compile-cache')
const env = { ...process.env, NODE_COMPILE_CACHE, FAILSAFE_LONG: long ? '1' : '0' }
const tests = await runTests(root, positionals, env).catch(error => ({
  passed: 0,
  failures: [`vitest: ${error.message}`],
}))
passed += tests.passed
failures.push(...tests.failures)

if (long) {
  await record(
    'docs/proof.md',
    'Full test run (npm run test:long)',
    [
      ...(await describeRun(root, new Date(started))),
      `- seed: ${process.env.FAILSAFE_SEED ?? 'as in test/support/counts.ts'}`,
      `- took: ${Math.round((Date.now() - started) / 60_000)} minutes`,
      `- result: ${passed} passed, ${failures.length} failed`,
      ...failures.map(failure => `  - failed: ${failure.split('\n')[0]}`),
    ].join('\n'),
  )
}

if (failures.length > 0) console.log(`\nFailed:\n${failures.map(failure => `  ${failure}`).join('\n')}`)
console.log(`\n${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
