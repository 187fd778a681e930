import { beforeAll, describe, expect, test } from 'vitest'
import { publicKeyOf } from '../../shared/jws.ts'
import { isDamage } from '../../shared/restore/damage.ts'
import { verifySnapshot } from '../../uploader/restore/verify.ts'
import {
  type Keys,
  type Made,
  makeSnapshot,
  newKeys,
  newReading,
  noise,
  silentReporter,
  startVault,
} from './support.ts'

let keys: Keys
beforeAll(async () => {
  keys = await newKeys()
})

/** Its first pack has two parts. */
const snapshot = () =>
  makeSnapshot(keys, { files: { 'a.sql': noise(6_000_000), 'b.sql': noise(1000), 'c.sql': noise(10) } })

async function verify(made: Made, identities?: string[]) {
  await using vault = await startVault([made])
  return await verifySnapshot({
    receiver: vault.receiver,
    source: made.manifest.source,
    snapshot: made.manifest.snapshot,
    identities,
    trust: { customerKeys: [publicKeyOf(keys.customerKey)], fingerprints: new Set() },
    concurrency: 2,
    reporter: silentReporter(),
    reading: newReading(),
    platform: 'linux',
  })
}

test('without an identity every stored byte is proved', async () => {
  const made = await snapshot()
  expect(made.manifest.packs[0]!.parts).toBe(2)
  const bytes = made.manifest.packs.reduce((sum, { size }) => sum + size, 0)
  expect(await verify(made)).toEqual({ level: 'stored', packs: 2, bytes, artefacts: 0 })
})

test('with an identity every artefact is opened too', async () => {
  expect(await verify(await snapshot(), [keys.identity])).toMatchObject({ level: 'opened', artefacts: 3 })
})

describe('a broken snapshot', () => {
  test.each([
    ['at its first byte', 1, 0],
    ['in its second part', 1, 5_500_000],
    ['in its other pack', 2, 500],
  ])('is found without an identity %s', async (_where, pack, at) => {
    const made = await snapshot()
    made.packs.get(pack)![at]! ^= 1
    const error = await verify(made).catch(error => error)
    expect(isDamage(error)).toBe(true)
    expect(error.message).toContain(`Pack ${pack} of snapshot ${made.manifest.snapshot}`)
  })

  test('is found with the identity by the name of the artefact that is hit', async () => {
    const made = await snapshot()
    made.packs.get(1)![5_500_000]! ^= 1
    const error = await verify(made, [keys.identity]).catch(error => error)
    expect(error.code).toBe('artefact-damaged')
    expect(error.message).toContain('a.sql')
  })

  test('that was stored broken is found with the identity, and the artefact is named', async () => {
    const made = await makeSnapshot(keys, {
      files: { 'a.sql': noise(10), 'b.sql': noise(10) },
      index: ([a, b]) => [a!, { ...b!, sha256: a!.sha256 }],
    })
    expect(await verify(made)).toMatchObject({ level: 'stored' })
    const error = await verify(made, [keys.identity]).catch(error => error)
    expect(isDamage(error)).toBe(true)
    expect(error.message).toContain('b.sql')
  })
})

test('the wrong identity says nothing about the snapshot', async () => {
  const { identity } = await newKeys()
  const error = await verify(await snapshot(), [identity]).catch(error => error)
  expect(error.code).toBe('identity-does-not-open')
  expect(isDamage(error)).toBe(false)
})
