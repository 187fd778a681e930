import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findSource } from '../../lambdas/catalogue/sources.ts'
import { findSourceStored } from '../../lambdas/catalogue/stored.ts'
import { countDownloaded, countRestore, findUsage, gbMonths } from '../../lambdas/catalogue/usage.ts'
import { type Held, readSourceHistory } from '../../lambdas/retention/source-history.ts'
import { measureUsage, type UsagePorts } from '../../lambdas/usage/measure-usage.ts'
import { listVersions, type VersionEntry } from '../../lambdas/vault/list-versions.ts'
import { backUp, enrolAgent, fullEntry, registerSource, type TestAgent } from './agent.ts'
import { Death } from './faults.ts'
import { bucket, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
let agent: TestAgent
const at = new Date().toISOString()

beforeAll(async () => {
  receiver = await startReceiver()
  agent = await enrolAgent(receiver, 'acme')
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const place = (source: string) => ({ tenant: 'acme', source })

function portsAt(now: Date, list?: (prefix: string) => AsyncIterable<VersionEntry>): UsagePorts {
  return {
    catalogue: receiver.ports.catalogue,
    clock: () => now,
    vault: { listVersions: list ?? (prefix => listVersions(receiver.vault, prefix)) },
  }
}

async function measure(source: string, now: Date, ports = portsAt(now)): Promise<void> {
  const item = await findSource(receiver.ports.catalogue, 'acme', source)
  await measureUsage(ports, item!, await readSourceHistory(receiver.ports.catalogue, source))
}

/** A bucket of our own making: what lies there since when. */
function listing(versions: { size: number; storedAt: string; deletedAt?: string }[], now: Date) {
  return async function* (prefix: string): AsyncGenerator<VersionEntry> {
    if (!prefix.startsWith('packs/')) return
    for (const { size, storedAt, deletedAt = '9999' } of versions)
      if (new Date(storedAt) <= now && deletedAt > now.toISOString())
        yield { key: `${prefix}x`, versionId: storedAt, size, storedAt: new Date(storedAt) }
  }
}

describe('usage', () => {
  it('is what a fresh listing of the bucket says', async () => {
    const source = await registerSource(agent, 'listed')
    for (let n = 1; n <= 3; n++) await backUp(agent, source, 'full', [fullEntry('a', n, at)])
    const now = new Date(receiver.clock.now.getTime() + 3_600_000)
    await measure(source, now)
    const { Versions = [] } = await receiver.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    const mine = Versions.filter(({ Key }) => Key!.includes(`/${source}/`))
    expect(mine).toHaveLength(12)
    const bytes = mine.reduce((sum, { Size }) => sum + Size!, 0)
    const usage = await findUsage(receiver.ports.catalogue, place(source), monthOf(now))
    const packs = mine.filter(({ Key }) => Key!.startsWith('packs/')).reduce((sum, { Size }) => sum + Size!, 0)
    expect(usage).toMatchObject({ bytes, peakBytes: bytes, name: 'listed' })
    // In the last hour of a month the snapshots are of that month, and the pass after them is of the next.
    const months = new Set([monthOf(new Date(at)), monthOf(receiver.clock.now), monthOf(now)])
    const usages = await Promise.all(
      [...months].map(month => findUsage(receiver.ports.catalogue, place(source), month)),
    )
    const total = (of: 'gbHours' | 'snapshots' | 'uploadedBytes') => usages.reduce((sum, each) => sum + each[of], 0)
    expect([total('snapshots'), total('uploadedBytes')]).toEqual([3, packs])
    const hours = mine.map(({ Size, LastModified }) => (Size! * (now.getTime() - LastModified!.getTime())) / 3_600_000)
    expect(total('gbHours') * 1e9).toBeCloseTo(
      hours.reduce((sum, each) => sum + each, 0),
      2,
    )
    expect((await findSourceStored(receiver.ports.catalogue, place(source))).bytes).toBe(bytes)
  })

  it('is the same whether passes are daily, doubled or days late, over the end of a month too', async () => {
    const versions = [
      { size: 5e9, storedAt: '2026-11-03T12:00:00.000Z' },
      { size: 2e9, storedAt: '2026-11-29T06:00:00.000Z' },
      { size: 1e9, storedAt: '2026-12-02T00:00:00.000Z' },
    ]
    const november = (5 * (27.5 * 24) + 2 * 42) as number
    const december = 5 * 96 + 2 * 96 + 72
    const passes: Record<string, string[]> = {
      daily: Array.from({ length: 32 }, (_, i) => new Date(Date.UTC(2026, 10, 4 + i)).toISOString()),
      doubled: ['2026-11-10', '2026-11-10', '2026-12-05', '2026-12-05'],
      late: ['2026-11-04T03:00:00Z', '2026-12-05'],
      once: ['2026-12-05'],
    }
    for (const [name, times] of Object.entries(passes)) {
      const source = await registerSource(agent, name)
      for (const time of times) {
        const now = new Date(time)
        await measure(source, now, portsAt(now, listing(versions, now)))
      }
      const [first, second] = await Promise.all(
        ['202611', '202612'].map(month => findUsage(receiver.ports.catalogue, place(source), month)),
      )
      expect(first!.gbHours, name).toBeCloseTo(november, 6)
      expect(second!.gbHours, name).toBeCloseTo(december, 6)
      expect([first!.bytes, second!.bytes], name).toEqual([7e9, 8e9])
      expect(gbMonths(first!), name).toBeCloseTo(november / 720, 8)
    }
  })

  it('counts what was deleted up to the pass before it was deleted, and nothing after', async () => {
    const source = await registerSource(agent, 'deleted')
    const versions = [{ size: 1e9, storedAt: '2026-11-01T00:00:00.000Z', deletedAt: '2026-11-03T00:00:01.000Z' }]
    for (const time of ['2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05']) {
      const now = new Date(time)
      await measure(source, now, portsAt(now, listing(versions, now)))
    }
    const usage = await findUsage(receiver.ports.catalogue, place(source), '202611')
    expect(usage).toMatchObject({ gbHours: 48, bytes: 0, peakBytes: 1e9 })
  })

  it('of uploads is not less when their snapshots are deleted one day', async () => {
    const source = await registerSource(agent, 'uploads')
    const item = (await findSource(receiver.ports.catalogue, 'acme', source))!
    const snapshot = { storedBytes: 10 } as Held
    const receivedAt = (n: number) => ({ ...snapshot, receivedAt: new Date(Date.UTC(2026, 11, n, 2)).toISOString() })
    const historyOf = (days: number[]) => ({
      stored: new Map(days.map(n => [`${n}`, receivedAt(n)])),
      unfinished: [],
    })
    for (let today = 1; today <= 31; today++) {
      const now = new Date(Date.UTC(2026, 11, today, 12))
      const there = Array.from({ length: today }, (_, i) => i + 1).filter(n => today - n < 9)
      await measureUsage(portsAt(now, listing([], now)), item, historyOf(there))
      if (today % 3 === 0) await measureUsage(portsAt(now, listing([], now)), item, historyOf([]))
    }
    const usage = await findUsage(receiver.ports.catalogue, place(source), '202612')
    expect([usage.snapshots, usage.uploadedBytes]).toEqual([31, 310])
  })

  it('is counted once by passes at the same time, and by one that dies anywhere and is made again', async () => {
    const versions = [{ size: 3e9, storedAt: '2026-11-01T00:00:00.000Z' }]
    const now = new Date('2026-11-05T00:00:00.000Z')
    for (let n = 1; ; n++) {
      const source = await registerSource(agent, `dies ${n}`)
      const death = new Death(n, n % 2 === 0 ? 'before' : 'after')
      const ports = portsAt(now, listing(versions, now))
      await measure(source, now, { ...ports, catalogue: death.table(ports.catalogue) }).catch(() => {})
      await Promise.all([1, 2, 3].map(() => measure(source, now, ports)))
      expect(await findUsage(receiver.ports.catalogue, place(source), '202611'), death.step).toMatchObject({
        gbHours: 288,
        bytes: 3e9,
      })
      if (death.step === undefined) break
    }
  })

  it('of downloads and restores is counted by source and month, beside what is measured', async () => {
    const source = await registerSource(agent, 'downloads')
    const [november, december] = [new Date('2026-11-30T23:59:59Z'), new Date('2026-12-01T00:00:00Z')]
    for (const now of [november, november, december])
      await countDownloaded(receiver.ports.catalogue, place(source), 500, now)
    await countRestore(receiver.ports.catalogue, place(source), november)
    await measure(source, december, portsAt(december, listing([{ size: 7, storedAt: at }], december)))
    const usage = await Promise.all(
      ['202611', '202612'].map(month => findUsage(receiver.ports.catalogue, place(source), month)),
    )
    expect(usage).toMatchObject([
      { downloadedBytes: 1000, restores: 1 },
      { downloadedBytes: 500, restores: 0 },
    ])
  })
})

function monthOf(now: Date): string {
  return now.toISOString().slice(0, 7).replace('-', '')
}

describe('the provider', () => {
  it('reads usage in pages, of one tenant or all, with tenants that stored nothing in between', async () => {
    const catalogue = receiver.ports.catalogue
    const now = new Date('2025-01-15T00:00:00Z')
    const tenants = Array.from({ length: 520 }, (_, n) => `p${String(n).padStart(4, '0')}`)
    for (let n = 0; n < tenants.length; n += 40)
      await Promise.all(
        tenants.slice(n, n + 40).map(tenant => receiver.admin('POST', '/v1/admin/tenants', { tenant, name: tenant })),
      )
    const source = (n: number) => `01${String(n).padStart(24, '0')}`
    for (let n = 0; n < 1100; n += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          countDownloaded(catalogue, { tenant: n < 600 ? 'p0000' : 'p0519', source: source(n + i) }, n + i, now),
        ),
      )
    const read = async (query: string) => {
      const rows: { tenant: string; source: string; downloadedBytes: number }[] = []
      let pages = 0
      for (let after: string | null | undefined; after !== null; pages++) {
        const page: any = (
          await receiver.admin('GET', `/v1/admin/usage?month=202501${query}${after ? `&after=${after}` : ''}`)
        ).body
        rows.push(...page.rows)
        after = page.next
      }
      return { rows, pages }
    }
    const all = await read('')
    expect(all.rows.map(({ downloadedBytes }) => downloadedBytes)).toEqual(Array.from({ length: 1100 }, (_, n) => n))
    expect(all.pages).toBeGreaterThan(1)
    expect((await read('&tenant=p0519')).rows).toHaveLength(500)
    expect((await read('&tenant=p0001')).rows).toEqual([])
    for (const query of ['month=2025-01', 'after=x', 'after=p0000/x', 'tenant=nobody'])
      expect((await receiver.admin('GET', `/v1/admin/usage?${query}`)).status).toBeGreaterThanOrEqual(400)
  })
})
