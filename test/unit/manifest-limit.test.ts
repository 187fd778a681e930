import { expect, it } from 'vitest'
import { limits, partSizeFor } from '../../lambdas/agent-api/part-size.ts'
import { newSigningKey, sign } from '../../shared/jws.ts'
import { Manifest, manifestLimit, packLimit } from '../../shared/manifest.ts'

const TiB = 1024 ** 4
const sha256 = Buffer.alloc(32, 255).toString('base64')
const ulid = '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'

it('a manifest with as many packs as there may be, all full, fits into its limit once it is signed', async () => {
  const partSize = partSizeFor(5 * TiB)
  const extents = Array.from({ length: 20 }, (_, i) => ({
    pack: packLimit - i,
    offset: 66_571_993_088,
    length: 66_571_993_088,
  }))
  const manifest = Manifest.parse({
    format: 'failsafe.manifest/1',
    agent: `${'t'.repeat(40)}.${ulid}`,
    source: ulid,
    snapshot: `${ulid}.${ulid}`,
    run: ulid,
    engine: 'sqlserver',
    engineVersion: 'v'.repeat(200),
    uploader: 'u'.repeat(100),
    lane: 'data',
    kind: 'differential',
    startedAt: '2026-11-22T14:00:00.000Z',
    sealedAt: '2026-11-22T14:00:00.000Z',
    recipients: Array(10).fill(`age1${'q'.repeat(58)}`),
    partSize,
    packs: Array.from({ length: packLimit }, (_, i) => ({
      n: i + 1,
      size: partSize * limits.partsPerPack,
      parts: 1000,
      sha256,
    })),
    totals: { artefacts: 100_000, sourceBytes: Number.MAX_SAFE_INTEGER, sealedBytes: Number.MAX_SAFE_INTEGER },
    index: { extents, size: 100_000_000, sha256 },
    units: { extents, count: 10_000, sha256 },
  })
  expect((await sign('failsafe.manifest/1', manifest, await newSigningKey())).length).toBeLessThan(manifestLimit)
})

it('a snapshot that is expected to fit does, also when every writer leaves a pack half full, and another is refused', () => {
  for (const tib of [0.001, 0.06, 0.5, 1, 5, 20]) {
    const full = partSizeFor(tib * TiB) * limits.partsPerPack
    expect(Math.ceil((tib * TiB) / full) + 64).toBeLessThanOrEqual(packLimit)
  }
  expect(() => partSizeFor(20 * TiB + 1)).toThrowError(expect.objectContaining({ code: 'invalid-request' }))
})
