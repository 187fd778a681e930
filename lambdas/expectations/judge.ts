import { SnapshotKind } from '../../shared/snapshot.ts'
import type { WatchedSource } from '../catalogue/expectations.ts'
import type { Committed, LaneNews } from '../catalogue/lane-news.ts'
import type { Tenant } from '../catalogue/tenants.ts'
import { isClockWarning } from '../commit/warnings.ts'
import type { Expected, Ledger } from './ledger.ts'
import { Mode, nextExpected, type Plan } from './plan.ts'
import { planOf } from './plan-of.ts'
import { type Settled, settle } from './settle.ts'
import { withSize } from './sizes.ts'
import { kindsFrom } from './weakened.ts'

export interface Seen {
  source: WatchedSource
  tenant: Tenant
  data: LaneNews
  log: LaneNews
  /** Until when a run holds each lane. */
  busy: { data: Date | undefined; log: Date | undefined }
  now: Date
  resumedAt: Date
}

export interface Judgement {
  ledger: Ledger
  lookAt: Date | undefined
  missed: ({ mode: Mode } & NonNullable<Settled['missed']>)[]
}

/** The ledger after what was seen, but for `failing`. Pure. */
export function judge(seen: Seen): Judgement {
  const { source, tenant, now, resumedAt } = seen
  const before = source.ledger
  const news = [...seen.data.committed, ...seen.log.committed].sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1))
  const plan = planOf(source, tenant, (before.modes.any?.late ?? null) !== null, now)
  const ledger: Ledger = {
    ...before,
    scheduledAt: source.scheduledAt ?? null,
    modes: {},
    received: receipts(before.received, news),
    read: { data: seen.data.read, log: seen.log.read },
    sizes: sizes(before.sizes, news),
    clockSkew: news.length === 0 ? before.clockSkew : news.at(-1)!.warnings.some(isClockWarning),
  }
  const judgement: Judgement = { ledger, lookAt: undefined, missed: [] }
  for (const mode of Mode.options) {
    const received = latest(mode, ledger.received)
    const state = stateBefore(source, plan, mode, received)
    if (!state) continue
    const settled = settle(plan, mode, state, { now, resumedAt, received, busyUntil: busyUntil(seen, mode) })
    if (settled.state) ledger.modes[mode] = settled.state
    if (settled.missed) judgement.missed.push({ mode, ...settled.missed })
    judgement.lookAt = earlier(judgement.lookAt, settled.lookAt)
  }
  return judgement
}

/** Nothing is expected for as long as the tenant is suspended; what was late stays so. */
export function paused(source: WatchedSource, tenant: Tenant, now: Date): Ledger {
  const plan = planOf(source, tenant, false, now)
  const modes: Ledger['modes'] = {}
  for (const mode of Mode.options) {
    const known = source.ledger.modes[mode]
    const state = waitingFor(nextExpected(plan, mode, now)) ?? known
    if (state) modes[mode] = { ...known, ...state, late: known?.late ?? null, missed: known?.missed ?? null }
  }
  return { ...source.ledger, scheduledAt: source.scheduledAt ?? null, modes }
}

/** Nothing is expected of a revoked host any more. */
export function dismissed(ledger: Ledger): Ledger {
  const sizes = Object.entries(ledger.sizes).map(([kind, { usual }]) => [kind, { usual, odd: [] }])
  return { ...ledger, modes: {}, sizes: Object.fromEntries(sizes), failing: false, clockSkew: false }
}

/** Where a mode stands: as the last look left it, or, when the schedule is new, at its first moment since then. */
function stateBefore(source: WatchedSource, plan: Plan, mode: Mode, received: Date | undefined): Expected | undefined {
  const { ledger, createdAt, scheduledAt } = source
  const known = ledger.modes[mode]
  if (known && known.late !== null && (mode !== 'any' || plan.everyHours !== null)) return known
  if (mode === 'any') return waitingFor(nextExpected(plan, mode, received ?? new Date(createdAt)))
  const since = scheduledAt ?? createdAt
  const changed = ledger.scheduledAt !== (scheduledAt ?? null)
  if (known && !(changed && known.expected > since)) return known
  return waitingFor(nextExpected(plan, mode, new Date(since)))
}

function waitingFor(expected: Date | undefined): Expected | undefined {
  return expected && { expected: expected.toISOString(), late: null, missed: null }
}

function receipts(before: Ledger['received'], news: Committed[]): Ledger['received'] {
  const received = { ...before }
  for (const { kind, receivedAt } of news) if (receivedAt > (received[kind] ?? '')) received[kind] = receivedAt
  return received
}

/** The newest receipt that does for a mode: of its kind or a greater one. */
export function latest(mode: Mode, received: Ledger['received']): Date | undefined {
  const kinds = mode === 'any' ? SnapshotKind.options : kindsFrom(mode)
  const newest = kinds
    .map(kind => received[kind] ?? '')
    .sort()
    .at(-1)
  return newest ? new Date(newest) : undefined
}

function sizes(before: Ledger['sizes'], news: Committed[]): Ledger['sizes'] {
  const levels = { ...before }
  for (const { kind, storedBytes } of news)
    if (kind !== 'differential') levels[kind] = withSize(kind, levels[kind] ?? { usual: [], odd: [] }, storedBytes)
  return levels
}

/** A log run may have been promoted, so that either lane excuses it. */
function busyUntil({ busy }: Seen, mode: Mode): Date | undefined {
  if (mode === 'full' || mode === 'differential') return busy.data
  return busy.data && busy.log ? new Date(Math.max(busy.data.getTime(), busy.log.getTime())) : (busy.data ?? busy.log)
}

function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (!a || !b) return a ?? b
  return a < b ? a : b
}
