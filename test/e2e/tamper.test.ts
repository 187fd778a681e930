import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newSigningKey, publicKeyOf, sign } from '../../shared/jws.ts'
import { StoredManifests } from '../support/catalogue.ts'
import { seed, times } from '../support/counts.ts'
import { type Database, startDatabase } from '../support/database.ts'
import { seeded } from '../support/random.ts'
import { lastJson } from '../support/run.ts'
import { VaultDisk } from '../support/vault.ts'
import { type Customer, newCustomer } from './customer.ts'
import { fillShop } from './shop.ts'

/** What rots or is exchanged in the vault is named, and nothing of it reaches a disk or a database. */
let customer: Customer
let second: Database
let vault: VaultDisk
let manifests: StoredManifests
let older: string
let snapshot: string

beforeAll(async () => {
  customer = await newCustomer()
  second = await startDatabase()
  await fillShop(customer.database, 2_000)
  older = (await customer.backup()).snapshot
  snapshot = (await customer.backup()).snapshot
  vault = new VaultDisk(customer.cloud)
  manifests = new StoredManifests(customer.cloud)
})
afterAll(async () => {
  await second?.stop()
  await customer?.close()
})

test(`one flipped byte anywhere in a pack is named by verify (${times(60)} random places)`, async () => {
  const random = seeded(seed)
  const pack = vault.key(snapshot, '0001.pack')
  for (let round = 0; round < times(60); round++) {
    const place = random()
    const said = await vault.whileChanged(pack, flipAt(place), () => verify('--identity', customer.kit))
    expectNamed(said, `flip at ${place}`)
  }
})

test('one flipped byte in the middle of an artefact stops restore and apply, which name the artefact', async () => {
  const { name, extents } = await largestArtefact()
  const pack = vault.key(snapshot, `${String(extents[0].pack).padStart(4, '0')}.pack`)
  const middle = (bytes: Buffer) => flip(bytes, extents[0].offset + Math.floor(extents[0].length / 2))
  await expectRefused(rotten(pack, middle), name)
})

test('a truncated pack is named by verify and stops restore', async () => {
  const pack = vault.key(snapshot, '0001.pack')
  const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)
  expectNamed(await vault.whileChanged(pack, cut, () => verify()), 'truncated')
  await expectRefused(rotten(pack, cut))
})

test('the manifest of another snapshot in the place of this one is refused', async () => {
  await expectRefused(replacedBy({ manifest: await manifests.read(older) }))
})

test('a manifest signed by a key that the customer never certified is refused, also when the provider vouches for the key', async () => {
  const key = await newSigningKey()
  const manifest = await sign('failsafe.manifest/1', await vault.manifest(snapshot), key)
  await expectRefused(replacedBy({ manifest }))
  await expectRefused(replacedBy({ manifest, agentKey: publicKeyOf(key) }))
})

test('verify passes again once the bytes are back', async () => {
  expect((await verify('--identity', customer.kit)).code).toBe(0)
})

const verify = (...args: string[]) => customer.failsafe(['verify', snapshot, ...args, '--json'])

function expectNamed(finished: Awaited<ReturnType<typeof verify>>, why: string) {
  expect(finished.code, `${why}: ${finished.stdout}`).toBe(1)
  const error = lastJson(finished)
  expect(error.type).toBe('error')
  expect(JSON.stringify(error), why).toMatch(/\.sql|index|unit list|pack \d|manifest/)
}

type During = <T>(work: () => Promise<T>) => Promise<T>
const rotten =
  (key: string, change: (bytes: Buffer) => Buffer): During =>
  work =>
    vault.whileChanged(key, change, work)
const replacedBy =
  (values: Parameters<StoredManifests['whileReplaced']>[1]): During =>
  work =>
    manifests.whileReplaced(snapshot, values, work)

/** Restore and restore --apply: exit 1, `name` is said, nothing laid out, nothing loaded. */
async function expectRefused(during: During, name?: string) {
  const to = join(customer.directory, `refused-${Math.random()}`)
  const target = `mysql://root@127.0.0.1:${second.port}`
  const args = ['restore', 'shop', '--snapshot', snapshot, '--to', to, '--identity', customer.kit, '--json']
  for (const apply of [[], ['--apply', '--target', target]]) {
    const finished = await during(() => customer.failsafe([...args, ...apply]))
    expect(finished.code, finished.stdout + finished.stderr).toBe(1)
    if (name) expect(lastJson(finished).message + lastJson(finished).why).toContain(name)
    expect(await readdir(to, { recursive: true }).catch(() => [])).toEqual([])
  }
  const connection = await second.connect()
  const [rows] = (await connection.query('SHOW DATABASES LIKE "shop"')) as any
  await connection.end()
  expect(rows).toEqual([])
}

async function largestArtefact(): Promise<{ name: string; extents: any[] }> {
  const shown = await customer.failsafe(['show', snapshot, '--identity', customer.kit, '--json'])
  const artefacts = lastJson(shown).artefacts as { name: string; sealedSize: number; extents: any[] }[]
  return artefacts.toSorted((a, b) => b.sealedSize - a.sealedSize)[0]!
}

const flipAt = (place: number) => (bytes: Buffer) => flip(bytes, Math.floor(place * bytes.length))

function flip(bytes: Buffer, offset: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[offset]! ^= 1
  return changed
}
