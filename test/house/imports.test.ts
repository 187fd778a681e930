import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from '../support/run.ts'

const root = join(import.meta.dirname, '../..')
let tree: string

beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), 'failsafe-imports-'))
  for (const file of ['.dependency-cruiser.cjs', 'package.json']) await cp(join(root, file), join(tree, file))
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'))
})
afterEach(() => rm(tree, { recursive: true, force: true }))

/** What the rules say of a tree with these files. */
async function judge(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, name)), { recursive: true })
    await writeFile(join(tree, name), text)
  }
  const { code, stdout } = await run(process.execPath, [join(root, 'node_modules/.bin/depcruise'), '.'], { cwd: tree })
  return { passed: code === 0, said: stdout }
}

const target = { 'target.ts': 'export const a = 1\nexport type A = number\n' }
const folders = ['shared', 'lambdas', 'uploader', 'admin', 'infra', 'scripts', 'test']
const allowed: Record<string, string[]> = {
  shared: ['shared'],
  lambdas: ['lambdas', 'shared'],
  uploader: ['uploader', 'shared'],
  admin: ['admin', 'shared'],
  infra: ['infra', 'shared'],
}

test.each(Object.entries(allowed))('%s imports what it may and nothing else', async (from, may) => {
  const files: Record<string, string> = {}
  for (const to of folders) {
    files[`${to}/target.ts`] = target['target.ts']
    files[`${from}/to-${to}.ts`] = `export { a } from '../${to}/target.ts'\n`
  }
  const { passed, said } = await judge(files)
  expect(passed).toBe(false)
  for (const to of folders) {
    const line = `${from}/to-${to}.ts → ${to}/target.ts`
    if (may.includes(to)) expect(said).not.toContain(line)
    else expect(said).toContain(line)
  }
})

test('a type is an import like any other', async () => {
  const { said } = await judge({
    'uploader/target.ts': target['target.ts'],
    'shared/a.ts': "import type { A } from '../uploader/target.ts'\nexport type B = A\n",
  })
  expect(said).toContain('shared-imports-nobody: shared/a.ts → uploader/target.ts')
})

test('an import at run time is an import like any other', async () => {
  const { said } = await judge({
    'infra/target.ts': target['target.ts'],
    'lambdas/a.ts': "export const load = () => import('../infra/target.ts')\n",
  })
  expect(said).toContain('lambdas/a.ts → infra/target.ts')
})

test('the product does not import a development dependency', async () => {
  const { said } = await judge({ 'uploader/a.ts': "export { build } from 'esbuild'\n" })
  expect(said).toContain('product-does-not-need-its-tools: uploader/a.ts')
})

test('modules that load each other are refused, unless only for their types', async () => {
  const circle = await judge({
    'shared/a.ts': "export { b } from './b.ts'\nexport const a = 1\n",
    'shared/b.ts': "import { a } from './a.ts'\nexport const b = a\n",
    'shared/c.ts': "export { d } from './d.ts'\nexport type C = number\n",
    'shared/d.ts': "import type { C } from './c.ts'\nexport const d: C = 1\n",
  })
  expect(circle.said).toContain('no-circle: shared/a.ts')
  expect(circle.said).not.toContain('shared/c.ts')
})

test('a package that is only installed by chance is refused', async () => {
  const { said } = await judge({ 'shared/a.ts': "export { default } from 'semver'\n" })
  expect(said).toContain('not-in-package-json: shared/a.ts')
})

test('a tree that keeps the rules passes', async () => {
  const { passed, said } = await judge({
    'shared/a.ts': target['target.ts'],
    'uploader/a.ts': "export { a } from '../shared/a.ts'\n",
  })
  expect(said).toContain('no dependency violations found (3 modules, 1 dependencies cruised)')
  expect(passed).toBe(true)
})
