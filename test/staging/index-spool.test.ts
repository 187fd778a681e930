import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IndexLine } from '../../shared/manifest.ts'
import { IndexSpool } from '../../uploader/staging/index-spool.ts'
import { times } from '../support/counts.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-spool-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const line = (name: string): IndexLine => ({
  name,
  role: 'data',
  unit: 'server',
  size: 1,
  sealedSize: 1,
  sha256: `${'A'.repeat(43)}=`,
  extents: [{ pack: 1, offset: 0, length: 1 }],
})

test('a long index comes back sorted from a file that shows no name', { timeout: 120_000 }, async () => {
  const count = times(1_000_000)
  const path = join(directory, 'index')
  const grown: number[] = []
  const spool = new IndexSpool(path, async size => {
    grown.push(size)
  })
  // A step that has no factor in common with the count visits every number once, in disorder.
  for (let n = 0, at = 0; n < count; n++, at = (at + 7_919) % count) await spool.add(at, line(`SECRETNAME${at}`))
  const file = await readFile(path)
  expect(file.includes('SECRETNAME')).toBe(false)
  expect(grown.at(-1)).toBe(file.length)
  let next = 0
  for await (const { name } of spool.lines()) {
    if (name !== `SECRETNAME${next}`) throw new Error(`${name} in place ${next}`)
    next += 1
  }
  expect(next).toBe(count)
  await spool.close()
})

test('a short index needs no file, and equal orders are sorted by name', async () => {
  const path = join(directory, 'index')
  const spool = new IndexSpool(path, () => Promise.reject(new Error('a file was made')))
  for (const [order, name] of [
    [2, 'b'],
    [1, 'z'],
    [2, 'a'],
    [-1, 'y'],
  ] as const)
    await spool.add(order, line(name))
  const names = []
  for await (const { name } of spool.lines()) names.push(name)
  expect(names).toEqual(['y', 'z', 'a', 'b'])
  await spool.close()
  await expect(readFile(path)).rejects.toThrow('ENOENT')
})

test('an index that may not grow fails the run that adds to it', async () => {
  const spool = new IndexSpool(join(directory, 'index'), () => Promise.reject(new Error('no room')))
  const add = async () => {
    for (let n = 0; n < 30_000; n++) await spool.add(n, line(`${n}`))
  }
  await expect(add()).rejects.toMatchObject({ code: 'staging-broken', why: 'no room' })
  await spool.close()
})
