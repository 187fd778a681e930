import { monthsBetween, startOf } from '../catalogue/months.ts'
import { signedUnfinished } from '../catalogue/signed.ts'
import type { Source } from '../catalogue/sources.ts'
import { addUsed, believedOf, findSourceStored, measured, type SourceStored } from '../catalogue/stored.ts'
import { isRefused, transact } from '../catalogue/table.ts'
import type { Ports } from '../http/ports.ts'
import type { SourceHistory } from '../retention/source-history.ts'
import type { VersionEntry } from '../vault/list-versions.ts'
import { type MeasuredMonth, monthSteps } from './month-steps.ts'

export interface UsagePorts extends Pick<Ports, 'catalogue' | 'clock'> {
  vault: { listVersions(prefix: string): AsyncIterable<VersionEntry> }
}

/** No snapshot is deleted sooner than this after it was received: a day of lock at least, and seven of tombstone. */
const countedForSureMs = 7 * 86_400_000

/**
 * Measures what a source stores, as S3 lists it, and adds the time since it was last measured to its months' usage.
 *
 *   last measured ────────────│ month ends ────── now
 *      version A ─────────────│────────────────────      counts in both months
 *                version B ───│────────────────────      from when S3 stored it
 *                                 version C ───────      in the second alone
 *
 * So the figures are exact however late a pass is, but for versions that were deleted since the last one: call it before anything is deleted.
 * A second pass, or one at the same time, adds nothing. A source that was never measured counts from the start of last month at most.
 *
 * @param history all snapshots of the source, in whatever state
 */
export async function measureUsage(
  ports: UsagePorts,
  source: Pick<Source, 'tenant' | 'source' | 'name'>,
  history: Pick<SourceHistory, 'stored' | 'unfinished'>,
): Promise<void> {
  const { catalogue, clock } = ports
  const seen = await findSourceStored(catalogue, source)
  const now = clock()
  const since = seen.measuredAt === null ? startOfLastMonth(now) : Date.parse(seen.measuredAt)
  if (since >= now.getTime()) return
  const months = await storedIn(ports, source, since, now)
  let bytes = months.at(-1)!.bytes
  for (const { snapshot } of history.unfinished) bytes += await signedUnfinished(catalogue, snapshot)
  const settledUntil = new Date(now.getTime() - countedForSureMs).toISOString()
  const received = [...history.stored.values()].map(({ receivedAt, storedBytes }) => ({
    receivedAt,
    bytes: storedBytes,
  }))
  const change = { bytes, signedThen: seen.signed, measuredAt: now.toISOString(), settledUntil }
  for (let attempt = 1; ; attempt++) {
    try {
      await transact(catalogue, [
        measured(source, seen, change),
        ...(await monthSteps(catalogue, source, { months, received, seen, now, settledUntil })),
      ])
      break
    } catch (error) {
      if (!isRefused(error)) throw error
      if ((await findSourceStored(catalogue, source)).measuredAt !== seen.measuredAt) return // it was measured meanwhile
      if (attempt >= 5) throw error // a signature was counted at the same moment: again
    }
  }
  const after: SourceStored = { ...seen, ...change }
  // what was signed while this ran is in neither
  await addUsed(catalogue, source.tenant, believedOf(after) - believedOf(seen), null)
}

/** The bytes at the end of each month and the GB-hours within it, by the list of versions alone. */
async function storedIn(
  { vault }: UsagePorts,
  { tenant, source }: Pick<Source, 'tenant' | 'source'>,
  since: number,
  now: Date,
) {
  const months: MeasuredMonth[] = monthsBetween(since, now.getTime()).map(span => ({ ...span, bytes: 0, gbHours: 0 }))
  for (const prefix of [`packs/${tenant}/${source}/`, `meta/${tenant}/${source}/`])
    for await (const { size, storedAt } of vault.listVersions(prefix))
      for (const [i, month] of months.entries()) {
        // S3's clock may be ahead of ours: what is listed now is stored now
        const isLast = i === months.length - 1
        if (storedAt.getTime() < month.to || isLast) month.bytes += size
        const hours = Math.max(0, month.to - Math.max(month.from, storedAt.getTime())) / 3_600_000
        month.gbHours += (size / 1e9) * hours
      }
  return months
}

function startOfLastMonth(now: Date): number {
  return startOf(now.toISOString().slice(0, 7).replace('-', ''), -1)
}
