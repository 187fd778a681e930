import { readdir } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { Layout } from '../../uploader/restore/layout.ts'
import { temporaryDirectory } from './directory.ts'

const synced = vi.hoisted(() => new Map<string, string[]>())
vi.mock('../../uploader/files/sync-directory.ts', async importOriginal => {
  const { syncDirectory } = await importOriginal<typeof import('../../uploader/files/sync-directory.ts')>()
  return {
    async syncDirectory(path: string) {
      synced.set(path, await readdir(path))
      await syncDirectory(path)
    },
  }
})

async function* text(content: string) {
  yield Buffer.from(content)
}

test('a power cut after a restore takes no name of a file or folder with it', async () => {
  await using to = await temporaryDirectory()
  const layout = await Layout.open(to.in('new/out'))
  await layout.write('shop/rows/a.sql', text('a'))
  await layout.write('RESTORE.md', text('b'))
  await layout.place(['shop/rows/a.sql', 'RESTORE.md'])
  await layout.close()
  const expected = {
    '': 'new',
    new: 'out',
    'new/out': 'RESTORE.md',
    'new/out/shop': 'rows',
    'new/out/shop/rows': 'a.sql',
  }
  for (const [folder, name] of Object.entries(expected)) expect(synced.get(to.in(folder)), folder).toContain(name)
  expect(synced.get(to.in('new/out'))).toContain('shop')
})
