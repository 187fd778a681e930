import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { missing } from '../../scripts/lock/complete.ts'
import { LockFile } from '../../scripts/lock/lock-file.ts'
import { runOk } from '../support/run.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFile(join(root, file), 'utf8')
let files: string[]

beforeAll(async () => {
  const listed = await runOk('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  files = listed.stdout.trim().split('\n')
})

test('every npm command in the documents exists', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  const documents = files.filter(file => file.endsWith('.md'))
  const named = new Set<string>()
  for (const file of documents)
    for (const [, run, plain] of (await read(file)).matchAll(/\bnpm (?:run ([a-z][a-z:-]*)|(test)\b)/g))
      named.add(run ?? plain!)
  expect([...named]).toEqual(expect.arrayContaining(['demo', 'test', 'package', 'bench', 'synth', 'local']))
  expect([...named].filter(name => !(name in scripts))).toEqual([])
})

test('every relative link in the documents leads to a file', async () => {
  const broken: string[] = []
  for (const file of files.filter(name => name.endsWith('.md')))
    for (const [, link] of (await read(file)).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      const path = join(file, '..', link!)
      if (!files.some(name => name === path || name.startsWith(`${path.replace(/\/$/, '')}/`)))
        broken.push(`${file}: ${link}`)
    }
  expect(broken).toEqual([])
})

test('the lock file names no download address', async () => {
  const lock = LockFile.parse(JSON.parse(await read('package-lock.json')))
  expect(Object.keys(lock.packages).filter(path => lock.packages[path]?.resolved)).toEqual([])
})

test('the lock file is complete for every platform, so that npm ci takes it whatever the registry holds', async () => {
  const lock = LockFile.parse(JSON.parse(await read('package-lock.json')))
  expect(missing(lock), 'run: node scripts/lock/complete.ts').toEqual([])
})

test('the lock file is of this package.json', async () => {
  const lock = LockFile.parse(JSON.parse(await read('package-lock.json')))
  const declared = JSON.parse(await read('package.json'))
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const)
    expect(lock.packages[''], kind).toHaveProperty(kind, declared[kind])
})

test('every version is exact', async () => {
  const declared = JSON.parse(await read('package.json'))
  const versions = Object.values({
    ...declared.dependencies,
    ...declared.devDependencies,
    ...declared.optionalDependencies,
  })
  expect(versions.filter(version => !/^(npm:.+@)?\d+\.\d+\.\d+$/.test(String(version)))).toEqual([])
})

test('no source file is longer than 600 lines', async () => {
  const long: string[] = []
  for (const file of files.filter(name => /\.(ts|tsx|cjs|mjs)$/.test(name))) {
    const lines = (await read(file)).split('\n').length
    if (lines > 600) long.push(`${file}: ${lines}`)
  }
  expect(long).toEqual([])
})

test('no file names a path of the machine it was written on', async () => {
  const here = [`${root}/`, `${homedir()}/`].filter(path => path !== '//')
  const found: string[] = []
  for (const file of files) {
    const text = (await readFile(join(root, file))).toString('latin1')
    if (here.some(path => text.includes(path))) found.push(file)
  }
  expect(found).toEqual([])
})

test('the licence is the full text of the Apache License 2.0', async () => {
  const digest = createHash('sha256')
    .update(await read('LICENSE'))
    .digest('hex')
  expect(digest).toBe('cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30')
  expect(JSON.parse(await read('package.json')).license).toBe('Apache-2.0')
})

test('the continuous integration runs the very commands of the README', async () => {
  const [ci, readme] = [await read('.ci/run'), await read('README.md')]
  expect(readme).toContain('npm ci && npm test')
  expect(ci).toMatch(/^npm ci\b/m)
  expect(ci).toMatch(/^exec npm test\b/m)
})
