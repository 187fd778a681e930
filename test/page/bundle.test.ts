import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bundledSnapshot } from '../../lambdas/restore-page/app/bundle/snapshots.ts'
import { tarOf } from '../../lambdas/restore-page/app/bundle/tar.ts'

it('makes an archive that tar unpacks', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-tar-'))
  try {
    const long = 'ü'.repeat(1000)
    const archive = tarOf(
      [
        { name: 'restore/restore.sh', content: '#!/bin/sh\n', mode: 0o755 },
        { name: 'restore/empty', content: '', mode: 0o644 },
        { name: 'restore/long.txt', content: long, mode: 0o644 },
      ],
      1_700_000_000,
    )
    await writeFile(join(directory, 'a.tar'), archive)
    execFileSync('tar', ['-xf', 'a.tar'], { cwd: directory })
    expect(await readFile(join(directory, 'restore/long.txt'), 'utf8')).toBe(long)
    expect((await stat(join(directory, 'restore/empty'))).size).toBe(0)
    expect((await stat(join(directory, 'restore/restore.sh'))).mode & 0o777).toBe(0o755)
    expect((await stat(join(directory, 'restore/restore.sh'))).mtimeMs).toBe(1_700_000_000_000)
  } finally {
    await rm(directory, { recursive: true })
  }
})

it('reads of a signed manifest what the script needs', () => {
  const manifest = {
    snapshot: 'S',
    kind: 'full',
    packs: [{ n: 1, size: 10, parts: 1, sha256: 'x' }],
    index: { extents: [{ pack: 1, offset: 0, length: 9 }], size: 3, sha256: 'y' },
    totals: { artefacts: 1, sourceBytes: 5, sealedBytes: 10 },
    engineVersion: 'größer – MariaDB',
  }
  const signed = `e30.${Buffer.from(JSON.stringify(manifest)).toString('base64url')}.c2ln`
  expect(bundledSnapshot(signed)).toEqual({
    snapshot: 'S',
    kind: 'full',
    packs: [{ n: 1, size: 10 }],
    index: manifest.index,
    sourceBytes: 5,
    signed,
  })
})
