import {
  hashOf,
  linkKey,
  manifestKey,
  packKey,
  snapshotKey,
  sourceKey,
  tenantKey,
  unitsKey,
} from '../../lambdas/catalogue/keys.ts'
import type { UnitEntry } from '../../shared/snapshot.ts'
import type { Row } from './fill.ts'

/** What one source backed up: fulls and logs at fixed times, all units in every snapshot, one chain without a gap. */
export interface Plan {
  tenant: string
  source: string
  units: string[]
  /** In order; minutes since `epoch`. */
  snapshots: { kind: 'full' | 'log'; minute: number }[]
  artefacts?: number
  packs?: number
  /** Everything was reported as bad. */
  bad?: boolean
}

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The `n`th ULID of an instant. */
export function ulid(time: number, n: number): string {
  return base32(time, 10) + base32(n, 16)
}

function base32(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = digits[rest % 32] + text
  return text
}

export const minute = 60_000
const GiB = 1024 ** 3

/** Fulls every `fullEvery` minutes and logs every `logEvery`, for `days`. */
export function schedule(days: number, fullEvery: number, logEvery: number): Plan['snapshots'] {
  const snapshots: Plan['snapshots'] = []
  for (let at = 0; at < days * 1440; at += logEvery)
    snapshots.push({ kind: at % fullEvery === 0 ? 'full' : 'log', minute: at })
  return snapshots
}

/** The items that a tenant's link and its source need. */
export function* owner({ tenant, source }: Plan, secret: string, now: Date): Generator<Row> {
  const createdAt = now.toISOString()
  const agent = `${tenant}.${source}`
  yield {
    key: tenantKey(tenant),
    item: { tenant, name: tenant, createdAt, state: 'active', minimumDays: 30 },
  }
  yield { key: sourceKey(tenant, source), item: { source, tenant, agent, name: 'shop', engine: 'mysql', createdAt } }
  yield {
    key: linkKey(hashOf(secret)),
    item: {
      hash: hashOf(secret),
      tenant,
      source,
      agent: null,
      createdAt,
      expiresAt: new Date(now.getTime() + 86_400_000).toISOString(),
      uses: null,
      used: 0,
      signedBytes: 0,
      byteBudget: null,
      passcode: null,
    },
  }
}

/** Its snapshots, and what a restore reads of them. @param epoch epoch milliseconds of minute 0 */
export function* snapshotsOf(plan: Plan, epoch: number, options: { content?: boolean } = {}): Generator<Row> {
  let last = 0
  let place = 0
  for (const [n, { kind, minute: at }] of plan.snapshots.entries()) {
    const time = new Date(epoch + at * minute).toISOString()
    const since = new Date(epoch + last * minute).toISOString()
    last = at
    // a full holds what the log before it led to, and the next log goes on from there
    if (kind === 'log') place++
    const id = `${plan.source}.${ulid(epoch + at * minute, n)}`
    const lines = plan.units.map(unit => `${JSON.stringify(entry(unit, kind, place, since, time))}\n`).join('')
    const inline = lines.length <= 32 * 1024
    const chunks = inline ? [] : Array.from({ length: Math.ceil(lines.length / 300_000) }, (_, i) => i)
    const lane = kind === 'log' ? 'log' : 'data'
    yield {
      key: snapshotKey(id, lane),
      item: {
        snapshot: id,
        source: plan.source,
        tenant: plan.tenant,
        agent: `${plan.tenant}.${plan.source}`,
        engine: 'mysql',
        lane,
        kind,
        run: ulid(epoch + at * minute, n),
        lease: 'x'.repeat(43),
        head: null,
        partSize: 16 * 1024 ** 2,
        expectedBytes: 1000,
        openedAt: time,
        state: 'committed',
        receivedAt: time,
        lockedUntil: time,
        lockMode: 'GOVERNANCE',
        minimumDays: 30,
        manifestSha256: Buffer.alloc(32).toString('base64'),
        ...(inline && { units: lines }),
        unitChunks: chunks.length,
        totals: {
          artefacts: plan.artefacts ?? 1,
          sourceBytes: 1000,
          sealedBytes: 1000,
          storedBytes: (plan.packs ?? 1) * 60 * GiB,
        },
        warnings: [],
        ...(plan.bad && { bad: true }),
      },
    }
    for (const chunk of chunks)
      yield {
        key: unitsKey(id, chunk + 1),
        item: { lines: Buffer.from(lines.slice(chunk * 300_000, (chunk + 1) * 300_000)) },
      }
    if (options.content === false) continue
    yield { key: manifestKey(id), item: manifestItem(plan, id) }
    for (let pack = 1; pack <= (plan.packs ?? 1); pack++)
      yield {
        key: packKey(id, pack),
        item: { n: pack, size: 60 * GiB, parts: 1000, sha256: zeros, uploadId: 'u', versionId: `v${pack}` },
      }
  }
}

const zeros = Buffer.alloc(32).toString('base64')

function manifestItem(plan: Plan, id: string) {
  const packs = Array.from({ length: plan.packs ?? 1 }, (_, i) => ({
    n: i + 1,
    size: 60 * GiB,
    parts: 1000,
    sha256: zeros,
  }))
  const claims = {
    format: 'failsafe.manifest/1',
    snapshot: id,
    source: plan.source,
    agent: `${plan.tenant}.${plan.source}`,
    engineVersion: 'MySQL 8.4.9',
    recipients: [`age1${'q'.repeat(58)}`],
    packs,
    totals: { artefacts: plan.artefacts ?? 1, sourceBytes: 1000, sealedBytes: 1000 },
    index: { extents: [{ pack: 1, offset: 0, length: 1000 }], size: 1000, sha256: zeros },
    units: { extents: [{ pack: 1, offset: 0, length: 1000 }], count: plan.units.length, sha256: zeros },
  }
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return {
    manifest: `${'h'.repeat(120)}.${payload}.${'s'.repeat(86)}`,
    agent: `${plan.tenant}.${plan.source}`,
    agentName: 'db 1',
    agentKey: { kty: 'OKP', crv: 'Ed25519', x: zeros.slice(0, 43) },
    certificate: null,
    receiver: 'test',
    recipients: claims.recipients,
    customerKey: null,
  }
}

const at = (n: number) => ({ stream: 'server-1', at: String(n).padStart(12, '0') })

function entry(unit: string, kind: 'full' | 'log', n: number, since: string, time: string): UnitEntry {
  if (kind === 'full') return { unit, kind, base: null, from: at(n), to: at(n), covers: { from: time, to: time } }
  return { unit, kind, base: null, from: at(n - 1), to: at(n), covers: { from: since, to: time } }
}
