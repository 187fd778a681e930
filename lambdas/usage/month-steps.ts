import { monthOf } from '../catalogue/audit.ts'
import { usageKey } from '../catalogue/keys.ts'
import { type MonthSpan, monthsBetween, startOf } from '../catalogue/months.ts'
import type { Source } from '../catalogue/sources.ts'
import type { SourceStored } from '../catalogue/stored.ts'
import type { Step, Table } from '../catalogue/table.ts'
import { findUsage } from '../catalogue/usage.ts'

/** A month, or the part of it that was measured: what lay there at its end, and for how long. */
export interface MeasuredMonth extends MonthSpan {
  bytes: number
  gbHours: number
}

interface Measurement {
  months: MeasuredMonth[]
  /** What was committed. */
  received: { receivedAt: string; bytes: number }[]
  seen: SourceStored
  now: Date
  settledUntil: string
}

/**
 * The changes of a source's months that one measurement makes. Uploads are counted anew each time, as a commit may end long after it was received;
 * what is older than `settledUntil` is settled, because its snapshots may be deleted one day.
 */
export async function monthSteps(
  table: Table,
  source: Pick<Source, 'tenant' | 'source' | 'name'>,
  { months, received, seen, now, settledUntil }: Measurement,
): Promise<Step[]> {
  const steps: Step[] = []
  const from = seen.settledUntil === null ? months[0]!.from : Date.parse(seen.settledUntil)
  const touched = monthsBetween(Math.min(from, months[0]!.from), now.getTime())
  const open = received.filter(({ receivedAt }) => Date.parse(receivedAt) >= from)
  for (const { month } of touched) {
    const part = months.find(each => each.month === month)
    const before = await findUsage(table, source, month)
    const mine = open.filter(({ receivedAt }) => monthOf(receivedAt) === month)
    const old = mine.filter(({ receivedAt }) => receivedAt < settledUntil)
    const settled = { bytes: before.settled.bytes + sum(old), snapshots: before.settled.snapshots + old.length }
    const young = mine.length - old.length
    steps.push({
      update: {
        key: usageKey(source.tenant, month, source.source),
        update:
          'SET #source = :source, #month = :month, #name = :name, #uploadedBytes = :uploaded, #snapshots = :snapshots, #settled = :settled' +
          (part ? ', #bytes = :bytes, #peakBytes = :peak, #measuredAt = :now ADD #gbHours :gbHours' : ''),
        values: {
          ':source': source.source,
          ':month': month,
          ':name': source.name,
          ':uploaded': settled.bytes + sum(mine) - sum(old),
          ':snapshots': settled.snapshots + young,
          ':settled': settled,
          ...(part && {
            ':bytes': part.bytes,
            ':peak': Math.max(before.peakBytes, part.bytes),
            ':now': new Date(Math.min(now.getTime(), startOf(month, 1))).toISOString(),
            ':gbHours': Number(part.gbHours.toFixed(12)),
          }),
        },
      },
    })
  }
  return steps
}

function sum(received: { bytes: number }[]): number {
  return received.reduce((total, { bytes }) => total + bytes, 0)
}
