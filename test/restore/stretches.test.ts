import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { runRestore } from '../../uploader/restore/run.ts'
import { stretchesOf } from '../../uploader/restore/stretches.ts'
import { seed, times } from '../support/counts.ts'
import { contentsOf, temporaryDirectory } from './directory.ts'
import { type Keys, type Made, makeSnapshot, newKeys, noise, restoreOf, startVault } from './support.ts'

const count = 60
const names = Array.from({ length: count }, (_, i) => `t${i}.sql`)
let keys: Keys
let made: Made
beforeAll(async () => {
  keys = await newKeys()
  made = await makeSnapshot(keys, { files: Object.fromEntries(names.map((name, i) => [name, noise(i * 997)])) })
})

test('artefacts that lie side by side come with one request', async () => {
  await using to = await temporaryDirectory()
  await using vault = await startVault([made])
  await runRestore(restoreOf(made, keys, vault.receiver, to.in('out')))
  // The unit list, the index, and each of the two packs.
  expect(vault.requests.length).toBe(4)
})

test('whichever artefacts are chosen, just their bytes are fetched and each file is what it was', () =>
  fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 30 }), async chosen => {
      await using to = await temporaryDirectory()
      await using vault = await startVault([made])
      const only = `{${[...chosen.map(i => names[i]), 'none'].join(',')}}`
      await runRestore(restoreOf(made, keys, vault.receiver, to.in('out'), { only }))
      const restored = await contentsOf(to.in('out'))
      for (const i of chosen) expect(restored[names[i]!]?.length).toBe(i * 997)
      expect(Object.keys(restored).length).toBe(chosen.length + 1)
      const asked = vault.requests.map(request => /bytes=(\d+)-(\d+)/.exec(request)!)
      const bytes = asked.reduce((sum, [, from, to]) => sum + Number(to) - Number(from) + 1, 0)
      const { index, units } = made.manifest
      const lists = [...index.extents, ...units.extents].reduce((sum, { length }) => sum + length, 0)
      expect(bytes).toBe(lists + chosen.reduce((sum, i) => sum + made.lines[i]!.sealedSize, 0))
    }),
    { numRuns: times(200), seed },
  ))

test('no request is for more than 16 MiB of small artefacts, and a larger artefact stands alone', () => {
  const MiB = 2 ** 20
  const sizes = [9, 7, 1, 40, 15, 2]
  let offset = 0
  const artefacts = sizes.map((size, i) => {
    const extents = [{ pack: 1, offset, length: size * MiB }]
    offset += size * MiB
    return { file: `f${i}`, snapshot: 's', line: { sealedSize: size * MiB, extents } }
  })
  const stretches = stretchesOf(artefacts.toReversed() as never)
  expect(stretches.map(stretch => stretch.map(({ file }) => file))).toEqual([
    ['f0', 'f1'],
    ['f2'],
    ['f3'],
    ['f4'],
    ['f5'],
  ])
})
