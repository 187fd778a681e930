import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IndexLine } from '../../shared/manifest.ts'
import { runOk } from '../support/run.ts'
import { VaultDisk } from '../support/vault.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillShop } from './shop.ts'

let customer: Customer
let vault: VaultDisk
let snapshot: string

beforeAll(async () => {
  customer = await newCustomer()
  await fillShop(customer.database)
  snapshot = (await customer.backup()).snapshot
  vault = new VaultDisk(customer.cloud)
})
afterAll(() => customer?.close())

test("Debian's age and zstd open every sealed artefact and the index with nothing but the recovery kit", async () => {
  const manifest = await vault.manifest(snapshot)
  const index = await openWithDebian(await vault.readExtents(snapshot, manifest.index.extents))
  expect(sha256(index)).toBe(manifest.index.sha256)
  const lines = index
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => IndexLine.parse(JSON.parse(line)))
  expect(lines.length).toBe(manifest.totals.artefacts)
  expect(lines.length).toBeGreaterThan(5)
  for (const line of lines) {
    const plain = await openWithDebian(await vault.readExtents(snapshot, line.extents))
    expect(plain.length, line.name).toBe(line.size)
    expect(sha256(plain), line.name).toBe(line.sha256)
  }
})

test('the way to restore by hand that the documents give works word for word, whichever pack holds the index', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/formats.md'), 'utf8')
  const recipe = /## Restoring by hand[\s\S]*?```sh\n([\s\S]*?)```/.exec(text)![1]!
  const directory = join(customer.directory, 'by-hand')
  await mkdir(directory)
  await copyFile(customer.kit, join(directory, 'recovery-kit.txt'))
  for (const key of vault.keys(snapshot)) await writeFile(join(directory, basename(key)), await vault.read(key))
  // As after a larger backup: the index is not in the first pack, and goes on in another one.
  const manifest = await vault.manifest(snapshot)
  const index = await vault.readExtents(snapshot, manifest.index.extents)
  await writeFile(join(directory, '0002.pack'), Buffer.concat([Buffer.alloc(100), index.subarray(0, 300)]))
  await writeFile(join(directory, '0003.pack'), index.subarray(300))
  const extents = [
    { pack: 2, offset: 100, length: 300 },
    { pack: 3, offset: 0, length: index.length - 300 },
  ]
  const payload = JSON.stringify({ ...manifest, index: { ...manifest.index, extents } })
  await writeFile(join(directory, 'manifest.jws'), `e30.${Buffer.from(payload).toString('base64url')}.e30`)
  const { stdout } = await runOk('bash', ['-euc', recipe], { cwd: directory })
  expect(stdout).toBe('')
  const lines = (await readFile(join(directory, 'index.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(lines.length).toBe(manifest.totals.artefacts)
  for (const { name, sha256: expected } of lines.map(line => IndexLine.parse(JSON.parse(line))))
    expect(sha256(await readFile(join(directory, 'out', name))), name).toBe(expected)
})

test('the unit list is readable without any key, and holds no table name', async () => {
  const manifest = await vault.manifest(snapshot)
  const list = await vault.readExtents(snapshot, manifest.units.extents)
  expect(sha256(list)).toBe(manifest.units.sha256)
  expect(list.toString()).not.toContain('customers')
  expect(await vault.read(vault.key(snapshot, 'units.jsonl'))).toEqual(list)
})

test('no name of a table or file lies readable anywhere in the vault', async () => {
  for (const key of vault.keys(snapshot)) {
    const bytes = await vault.read(key)
    for (const name of ['customers', 'nürnberg', 'Nürnberg', '.sql']) expect(bytes.includes(name), key).toBe(false)
  }
})

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64')

async function openWithDebian(sealed: Buffer): Promise<Buffer> {
  const [file, plain] = [join(customer.directory, 'artefact.zst.age'), join(customer.directory, 'artefact')]
  await writeFile(file, sealed)
  await runOk('sh', [
    '-c',
    'set -e; age -d -i "$1" -o "$3.zst" "$2"; zstd -q -d -f "$3.zst" -o "$3"',
    'sh',
    customer.kit,
    file,
    plain,
  ])
  return readFile(plain)
}
