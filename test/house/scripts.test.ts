import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entryFor, missing } from '../../scripts/lock/complete.ts'
import { replaceSection } from '../../scripts/proof/section.ts'
import { count } from '../../scripts/test/run-tests.ts'
import { run } from '../support/run.ts'

const root = join(import.meta.dirname, '../..')

test('a section of the proof is replaced by name and the others stay', () => {
  const first = replaceSection('# Proof\n', 'Tests', 'ten')
  const second = replaceSection(first, 'Bench', 'fast')
  const third = replaceSection(second, 'Tests', 'eleven')
  expect(third).toBe('# Proof\n\n## Tests\n\neleven\n\n## Bench\n\nfast\n')
  expect(replaceSection(third, 'Bench', 'slow')).toBe('# Proof\n\n## Tests\n\neleven\n\n## Bench\n\nslow\n')
})

const passed = { fullName: 'it works', status: 'passed' }

test('a skipped test, a file that does not load and an error outside of tests all count as failed', () => {
  const file = (name: string, status: string, assertionResults: object[]) => ({
    name: `/r/${name}`,
    status,
    assertionResults,
  })
  const report = (success: boolean, ...testResults: object[]) => ({ success, testResults })
  expect(count(report(true, file('a', 'passed', [passed, passed])), '/r')).toEqual({ passed: 2, failures: [] })
  const skipped = { fullName: 'it may work', status: 'skipped' }
  expect(count(report(true, file('a', 'passed', [passed, skipped])), '/r').failures).toEqual([
    'a: it may work (skipped)',
  ])
  expect(count(report(false, file('a', 'failed', [])), '/r').failures).toEqual(['a: failed'])
  expect(count(report(false, file('a', 'passed', [passed])), '/r').failures).toEqual(['an error outside of any test'])
})

test('a missing program is answered with the one line that installs it, and exit code 2', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'failsafe-path-'))
  try {
    const { code, stderr } = await run(process.execPath, ['scripts/setup.ts', 'bench'], {
      cwd: root,
      env: { PATH: empty },
    })
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /sudo apt-get update && sudo apt-get install -y --no-install-recommends .*age.* mydumper .*zstd/,
    )
    expect(stderr).not.toMatch(/^\s+at /m)
  } finally {
    await rm(empty, { recursive: true })
  }
})

test('an optional package that the lock lacks gets an entry for its platform alone', () => {
  const lock = {
    packages: {
      'node_modules/tool': { version: '1.0.0', dev: true, optionalDependencies: { '@tool/linux-arm64-musl': '1.0.0' } },
    },
  }
  const [found] = missing(lock)
  expect(found).toEqual({ name: '@tool/linux-arm64-musl', version: '1.0.0', dev: true, optional: true })
  expect(entryFor(found!)).toEqual({
    version: '1.0.0',
    cpu: ['arm64'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  })
  expect(() => entryFor({ ...found!, optional: false })).toThrow('run npm install')
  expect(() => entryFor({ ...found!, name: 'anything' })).toThrow('run npm install')
})
