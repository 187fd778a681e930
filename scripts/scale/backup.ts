import { createHash, randomBytes } from 'node:crypto'
import { sign } from '../../shared/jws.ts'
import type { Manifest, Pack } from '../../shared/manifest.ts'
import { laneOf, type SnapshotKind, type UnitEntry } from '../../shared/snapshot.ts'
import { open, putPart, type TestAgent } from '../../test/receiver/agent.ts'
import { ok } from '../../test/receiver/support.ts'

const windowLength = 64

export interface Backup {
  kind: SnapshotKind
  unit: UnitEntry
  /** Bytes of each pack before the unit list, which is behind the last one. */
  packs: number[]
}

/**
 * Makes the calls that the uploader makes for one run without trouble, where it knows how the run before left the source, with whole windows; one part is in
 * memory at a time.
 */
export async function backUp(agent: TestAgent, source: string, { kind, unit, packs }: Backup): Promise<string> {
  const opened = await open(agent, source, kind)
  const { snapshot, lease, partSize } = opened
  const lines = Buffer.from(`${JSON.stringify(unit)}\n`)
  const whole = randomBytes(partSize)
  const made: Pack[] = []
  for (const [i, size] of packs.entries()) {
    const tail = i === packs.length - 1 ? lines : Buffer.alloc(0)
    made.push(await sendPack(i + 1, size, tail))
  }
  const last = packs.length
  const manifest: Manifest = {
    format: 'failsafe.manifest/1',
    agent: agent.id,
    source,
    snapshot,
    run: opened.run,
    engine: 'mysql',
    engineVersion: '11.4',
    uploader: '0.1.0',
    lane: laneOf(kind),
    kind,
    startedAt: new Date().toISOString(),
    sealedAt: new Date().toISOString(),
    recipients: ['age1qqqq'],
    partSize,
    packs: made,
    totals: { artefacts: 1, sourceBytes: 1, sealedBytes: packs.reduce((sum, size) => sum + size, 0) },
    index: { extents: [{ pack: last, offset: 0, length: 1000 }], size: 10, sha256: digestOf(lines) },
    units: {
      extents: [{ pack: last, offset: packs.at(-1)!, length: lines.length }],
      count: 1,
      sha256: digestOf(lines),
    },
  }
  const jws = await sign('failsafe.manifest/1', manifest, agent.key)
  const committed = ok(
    await agent.call('POST', `/v1/snapshots/${snapshot}/commit`, { lease: lease.token, manifest: jws }),
  )
  if (committed.state !== 'committed') throw new Error(`snapshot ${snapshot} is still ${committed.state}`)
  return snapshot

  async function sendPack(n: number, size: number, tail: Buffer): Promise<Pack> {
    const length = size + tail.length
    const count = Math.ceil(length / partSize)
    const digests: Buffer[] = []
    for (let first = 0; first < count; first += windowLength) {
      const window = []
      for (let i = first; i < Math.min(count, first + windowLength); i++) {
        const bytes = partAt(i, length, tail)
        digests.push(Buffer.from(digestOf(bytes), 'base64'))
        window.push({ pack: n, number: i + 1, size: bytes.length, sha256: digestOf(bytes) })
      }
      const request = { lease: lease.token, parts: window }
      const { urls } = ok(await agent.call('POST', `/v1/snapshots/${snapshot}/parts`, request))
      for (const { number, url, headers } of urls) {
        const response = await putPart(url, headers, partAt(number - 1, length, tail))
        const answer = await response.text()
        if (!response.ok) throw new Error(`part ${number} of pack ${n}: ${response.status} ${answer}`)
      }
    }
    const pack = { n, size: length, parts: count, sha256: digestOf(Buffer.concat(digests)) }
    // One of a single part is left to the commit.
    const complete = `/v1/snapshots/${snapshot}/packs/${n}/complete`
    if (count > 1) ok(await agent.call('POST', complete, { lease: lease.token, pack }))
    return pack
  }

  /** All parts have the same bytes but the last, which ends with the unit list. */
  function partAt(i: number, length: number, tail: Buffer): Buffer {
    const size = Math.min(partSize, length - i * partSize)
    if (i < Math.ceil(length / partSize) - 1) return whole.subarray(0, size)
    return Buffer.concat([whole.subarray(0, size - tail.length), tail])
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
