import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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
