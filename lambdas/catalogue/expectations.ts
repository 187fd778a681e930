import { z } from 'zod'
import type { SourceId, TenantId } from '../../shared/ids.ts'
import { isFlagged, Ledger, newLedger } from '../expectations/ledger.ts'
import { inQueue } from './by-time.ts'
import { sourceKey } from './keys.ts'
import { Source } from './sources.ts'
import { collect, isRefused, type Key, prefixed, present, query, read, type Step, type Table, update } from './table.ts'

/*
 * A source waits in queue DUE for its next look. Whoever knows that something has changed (a commit, a failed run, a new schedule) makes it due at
 * once; only the watchdog writes the ledger and sets the time of the look after.
 *
 *   watchdog   reads item, revision 7 ─────────── looks ───────────▶ writes the ledger if the revision is still 7, makes it 8
 *   commit                        makes it due, revision 8 ──▶ the write is refused: the source is still due, and looked at again
 *
 * The same holds two watchdogs apart that look at once.
 */

/** A source with what the watchdog alone reads and writes. */
export const WatchedSource = Source.extend({
  ledger: Ledger.default(newLedger),
  watchRevision: z.number().int().default(0),
  failedAt: z.iso.datetime().optional(),
  /** When it is to be looked at. */
  gsk: z.iso.datetime().optional(),
})
export type WatchedSource = z.infer<typeof WatchedSource>

export function findWatchedSource(table: Table, key: Key): Promise<WatchedSource | undefined> {
  return read(table, WatchedSource, key)
}

export function listWatchedSources(table: Table, tenant: TenantId): Promise<WatchedSource[]> {
  return collect(query(table, WatchedSource, prefixed(`T#${tenant}`, 'S#')))
}

/** Has the watchdog look at a source in its next pass. */
export function lookSoon(table: Table, tenant: TenantId, source: SourceId, now: Date): Promise<void> {
  return update(table, madeDue(tenant, source, now))
}

/**
 * As a step of the transaction after which it is to be looked at.
 * @param set attributes that change with it
 * @param unset attributes that go with it
 */
export function madeDue(
  tenant: TenantId,
  source: SourceId,
  now: Date,
  set: Record<string, unknown> = {},
  unset: string[] = [],
) {
  const values = { ...set, ...inQueue('DUE', source, now) }
  const names = Object.keys(values)
  const removed = unset.length === 0 ? '' : ` REMOVE ${unset.map(name => `#${name}`).join(', ')}`
  return {
    key: sourceKey(tenant, source),
    update: `SET ${names.map(name => `#${name} = :${name}`).join(', ')}${removed} ADD #watchRevision :one`,
    condition: present,
    values: { ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])), ':one': 1 },
  }
}

/** After a commit: what was late, failing, off or odd may be so no more, and a new full may be odd. */
export async function noteCommit(
  table: Table,
  source: Source,
  committed: { kind: string; warnings: string[] },
  now: Date,
): Promise<void> {
  if (source.flagged || committed.kind === 'full' || committed.warnings.length > 0)
    await lookSoon(table, source.tenant, source.source, now)
}

/** After the last word on a run. */
export async function noteRun(table: Table, source: Source, outcome: string, now: Date): Promise<void> {
  const set = outcome === 'failed' || outcome === 'failed-source-advanced' ? { failedAt: now.toISOString() } : {}
  if (Object.keys(set).length > 0 || (source.flagged && outcome !== 'running'))
    await update(table, madeDue(source.tenant, source.source, now, set))
}

/**
 * What a look has found, and when the next one is; undefined takes the source out of the queue.
 * @returns false when something has changed since it was read: it is due, and its next look will see that
 */
export async function writeLedger(
  table: Table,
  { tenant, source, watchRevision }: WatchedSource,
  ledger: Ledger,
  lookAt: Date | undefined,
): Promise<boolean> {
  const queue = lookAt && inQueue('DUE', source, lookAt)
  const set = 'SET #ledger = :ledger, #flagged = :flagged, #watchRevision = :next'
  try {
    await update(table, {
      key: sourceKey(tenant, source),
      update: queue ? `${set}, #gpk = :gpk, #gsk = :gsk` : `${set} REMOVE #gpk, #gsk`,
      condition: `${present} AND ${revisionIs(watchRevision)}`,
      values: {
        ':ledger': ledger,
        ':flagged': isFlagged(ledger),
        ':next': watchRevision + 1,
        ...(watchRevision === 0 ? {} : { ':seen': watchRevision }),
        ...(queue && { ':gpk': queue.gpk, ':gsk': queue.gsk }),
      },
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

/** For a transaction that must not outlive what was seen: refused when the source has changed since. */
export function unchangedSince({ tenant, source }: WatchedSource, revision: number): Step {
  return {
    check: {
      key: sourceKey(tenant, source),
      condition: revisionIs(revision),
      ...(revision === 0 ? {} : { values: { ':seen': revision } }),
    },
  }
}

const revisionIs = (seen: number) => (seen === 0 ? 'attribute_not_exists(#watchRevision)' : '#watchRevision = :seen')
