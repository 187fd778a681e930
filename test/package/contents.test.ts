import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { LockFile } from '../../scripts/lock/lock-file.ts'
import { bundleUploader } from '../../scripts/package/bundle.ts'
import { checkIntegrity } from '../../scripts/package/fetch-package.ts'
import { stripElf } from '../../scripts/package/strip-elf.ts'
import { hostTarget, nodeVersion } from '../../scripts/package/targets.ts'
import { faultPoints } from '../../uploader/fault-point.ts'
import { run } from '../support/run.ts'

const root = join(import.meta.dirname, '../..')
const dist = join(root, 'dist')
let lock: LockFile
let bom: { components: { name: string; version: string; purl: string; hashes?: { content: string }[] }[] }

beforeAll(async () => {
  lock = LockFile.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')))
  bom = JSON.parse(await readFile(join(dist, 'failsafe.sbom.json'), 'utf8'))
})

test('SHA256SUMS names every file that ships, with its hash', async () => {
  const lines = (await readFile(join(dist, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n')
  const files = (await readdir(dist)).filter(file => file !== 'SHA256SUMS').sort()
  expect(lines.map(line => line.slice(66))).toEqual(files)
  for (const line of lines) {
    const digest = createHash('sha256')
      .update(await readFile(join(dist, line.slice(66))))
      .digest('hex')
    expect(line.slice(0, 64)).toBe(digest)
  }
})

test('the bill of materials lists what is inside with the hashes of the lock file, and Node', () => {
  const names = bom.components.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['age-encryption', 'jose', 'mysql2', 'zod', hostTarget!.runtime]))
  for (const { name, version, hashes } of bom.components) {
    const locked = Object.entries(lock.packages).filter(
      ([path, entry]) => path.endsWith(`node_modules/${name}`) && entry.version === version,
    )
    expect(
      locked.map(([, entry]) => hex(entry.integrity)),
      name,
    ).toContain(hashes?.[0]?.content)
  }
  const node = bom.components.find(({ name }) => name === hostTarget!.runtime)
  expect(node?.version).toBe(nodeVersion)
})

test('nothing that is only for development is inside', () => {
  const names = new Set(bom.components.map(({ name }) => name))
  const development = Object.entries(lock.packages).filter(([, entry]) => entry.dev)
  const only = new Set(development.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13)))
  for (const [path, entry] of Object.entries(lock.packages))
    if (!entry.dev) only.delete(path.slice(path.lastIndexOf('node_modules/') + 13))
  expect([...names].filter(name => only.has(name))).toEqual([])
})

test('of the fault points of the kill tests nothing is inside what ships, and all are in the bundle that is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'failsafe-faults-'))
  try {
    const bundle = join(folder, 'failsafe.cjs')
    await bundleUploader(root, bundle, { faultPoints: true })
    const killed = await readFile(bundle, 'utf8')
    const shipped = await readFile(join(dist, hostTarget!.file))
    for (const trace of [...faultPoints, 'FAILSAFE_FAULT']) {
      expect(killed, trace).toContain(trace)
      expect(shipped.includes(trace), trace).toBe(false)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a runtime that is not the one in the lock file is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'failsafe-integrity-'))
  try {
    const file = join(folder, 'node.tgz')
    await writeFile(file, 'what npm delivered')
    const right = `sha512-${createHash('sha512').update('what npm delivered').digest('base64')}`
    await checkIntegrity(file, right)
    await writeFile(file, 'what somebody else delivered')
    await expect(checkIntegrity(file, right)).rejects.toThrow('is not what package-lock.json names')
    await expect(checkIntegrity(file, 'sha1-x')).rejects.toThrow('is not what package-lock.json names')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a stripped Node has no symbol table, is smaller, and still runs', async () => {
  const node = await readFile(process.execPath)
  const stripped = stripElf(node)
  expect(stripped.length).toBeLessThan(node.length - 10 * 1024 * 1024)
  expect(stripped.subarray(-4096).includes('.symtab')).toBe(false)
  const folder = await mkdtemp(join(tmpdir(), 'failsafe-strip-'))
  try {
    await writeFile(join(folder, 'node'), stripped, { mode: 0o755 })
    const { stdout } = await run(join(folder, 'node'), ['-p', 'process.version + require("node:zlib").crc32("a")'])
    expect(stdout).toBe(`${process.version}${0xe8b7be43}\n`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a file that is no Linux executable is not stripped', () => {
  expect(() => stripElf(Buffer.from('MZ'.padEnd(128)))).toThrow('not an ELF64')
})

const hex = (integrity: string | undefined) =>
  integrity ? Buffer.from(integrity.slice(7), 'base64').toString('hex') : undefined
