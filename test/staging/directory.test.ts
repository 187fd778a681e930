import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newUlid } from '../../shared/ids.ts'
import { RunDirectory } from '../../uploader/staging/directory.ts'

test('what an engine had in its scratch directory goes with the parts; the journal stays until the run is over', async () => {
  const staging = await mkdtemp(join(tmpdir(), 'failsafe-staging-'))
  try {
    const source = `acme.${newUlid()}`
    const directory = await RunDirectory.make(staging, source, newUlid())
    await writeFile(directory.journal, '')
    await writeFile(directory.part(1, 1), 'sealed')
    await mkdir(join(directory.scratch, 'deeper'), { recursive: true })
    await writeFile(join(directory.scratch, 'deeper', 'login.cnf'), 'password')
    await directory.empty()
    expect(await readdir(directory.path)).toEqual(['journal'])
    await mkdir(directory.scratch)
    const [remains] = await RunDirectory.remains(staging, source)
    await remains!.remove()
    expect(await RunDirectory.remains(staging, source)).toEqual([])
  } finally {
    await rm(staging, { recursive: true })
  }
})
