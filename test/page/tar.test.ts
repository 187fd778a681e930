import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type TarFile, tarOf, tarSize } from '../../lambdas/restore-page/app/saving/tar.ts'
import { collect, inTemporary, noise } from '../sealed/support.ts'

const fileOf = ([path, bytes]: readonly [string, Uint8Array]): TarFile => ({
  path,
  size: bytes.length,
  async *content() {
    yield bytes
  },
})

test('tar unpacks the archive: long paths, any letters, any sizes', async () => {
  const files = [
    ['0001-full/shop.orders.sql', noise(1000)],
    ['empty', new Uint8Array()],
    ['exactly a block', noise(512)],
    [`${'a long folder/'.repeat(12)}file`, noise(513)],
    ['0002-log/größe, des Kunden № 7.sql', noise(100_000)],
    ['x'.repeat(99), noise(3)],
    ['y'.repeat(100), noise(3)],
  ] as const
  const entries = files.map(fileOf)
  const archive = await collect(tarOf(entries))
  expect(archive.length).toBe(tarSize(entries))
  await inTemporary(async directory => {
    const into = join(directory, 'out')
    await mkdir(into)
    await writeFile(join(directory, 'a.tar'), archive)
    execFileSync('tar', ['-xf', join(directory, 'a.tar'), '-C', into], { env: { LC_ALL: 'C.UTF-8' } })
    for (const [path, bytes] of files) expect((await readFile(join(into, path))).equals(bytes)).toBe(true)
  })
})

test('a file of more than 8 GiB has its size in a header of its own', async () => {
  const size = 9 * 2 ** 30
  const header = await tarOf([{ path: 'big', size, async *content() {} }]).next()
  const text = Buffer.from(header.value as Uint8Array).toString('latin1')
  expect(text).toContain(`19 size=${size}\n`)
  expect(tarSize([{ path: 'big', size }])).toBe(3 * 512 + size + 1024)
})
