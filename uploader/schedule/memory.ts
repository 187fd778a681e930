import { z } from 'zod'
import { RunOutcome, SnapshotKind } from '../../shared/snapshot.ts'
import { kinds, nextDue, type Timetable } from './timetable.ts'

/*
 * What is remembered of each kind of each source, also over restarts.
 *
 *            a moment is due        the run starts          it is done, or failed for good, or somebody cancelled it
 *   served ───────────────── served ─────────────── served, begun ───────────────────────────────▶ served is the start of the run
 *                               ▲                        │
 *                               └── not before a pause ──┘ failed and may be tried again, or the process died
 *
 * Every due moment up to `served` is done with; a later one is made up for by one run, however many there are. So a restart at any point
 * repeats a run at most, and leaves none out.
 */

const instant = z.iso.datetime()

export const KindMemory = z.object({
  served: instant,
  /** A run began and has not served it: it is owed, whatever `catchUp` says. */
  begun: instant.optional(),
  /** In a row. */
  failures: z.number().int().min(0),
  /** No run is started before. Set whenever `begun` is, except while the run is going on. */
  notBefore: instant.optional(),
})
export type KindMemory = z.infer<typeof KindMemory>

/** The last run of a source, for whoever asks how things are. */
export const LastRun = z.object({
  outcome: RunOutcome,
  mode: SnapshotKind,
  startedAt: instant,
  finishedAt: instant,
  snapshot: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
})
export type LastRun = z.infer<typeof LastRun>

export const SourceMemory = z.object({
  kinds: z.partialRecord(SnapshotKind, KindMemory),
  last: LastRun.optional(),
})
export type SourceMemory = z.infer<typeof SourceMemory>

export type Received = Partial<Record<SnapshotKind, string>>

/** How a run ended, as far as the schedule cares. */
export type Ending =
  | { ended: 'done'; made: SnapshotKind }
  /** `retriable`: the same may go well in a while. */
  | { ended: 'failed'; retriable: boolean }
  /** Somebody else was backing up the source. */
  | { ended: 'held' }
  /** A person did not want it. `made` is what it would have become. */
  | { ended: 'cancelled'; made: SnapshotKind }
  /** This process was asked to end. */
  | { ended: 'stopped' }

const minute = 60_000
const longestPause = 60 * minute

/** Milliseconds to wait after so many failures in a row. */
export function pauseAfter(failures: number): number {
  return Math.min(longestPause, minute * 2 ** (failures - 1))
}

/**
 * The memory of a source with exactly the kinds of its timetable. One that is new counts from what the receiver has of it, else from now: what was
 * due before anybody watched is nobody's promise.
 */
export function remember(
  before: SourceMemory | undefined,
  { crons }: Timetable,
  now: Date,
  received: Received = {},
): SourceMemory {
  const present = kinds.filter(kind => crons[kind] !== undefined)
  return {
    ...before,
    kinds: Object.fromEntries(
      present.map(kind => [kind, before?.kinds[kind] ?? { served: received[kind] ?? now.toISOString(), failures: 0 }]),
    ),
  }
}

/** The memory under a new timetable. Where nothing was due by the old one, a changed schedule counts from now: its moments before that are no misses. */
export function reschedule(memory: SourceMemory, before: Timetable, after: Timetable, now: Date): SourceMemory {
  const kept = mapped(memory, (each, kind) => {
    if (before.crons[kind] === after.crons[kind] && before.timeZone === after.timeZone) return each
    const due = nextDue(before, kind, new Date(each.served))
    return each.begun === undefined && (!due || due > now) ? { ...each, served: now.toISOString() } : each
  })
  return remember(kept, after, now)
}

/** What a process that died has left: a run that was going on is tried again after a pause, which grows if that is what kills it. */
export function recover(memory: SourceMemory, now: Date): SourceMemory {
  return mapped(memory, each => {
    if (each.begun === undefined || each.notBefore !== undefined) return each
    const failures = each.failures + 1
    return { ...each, failures, notBefore: later(now, pauseAfter(failures)) }
  })
}

/** Somebody else's run may have served what is due here. */
export function noteReceived(memory: SourceMemory, received: Received): SourceMemory {
  return mapped(memory, (each, kind) => {
    const at = received[kind]
    if (at === undefined || at <= each.served) return each
    return each.begun === undefined || at >= each.begun ? { served: at, failures: 0 } : { ...each, served: at }
  })
}

/** Every moment up to `until` is done with unseen. */
export function passOver(memory: SourceMemory, kind: SnapshotKind, until: Date): SourceMemory {
  return mapped(memory, (each, its) => (its === kind ? { ...each, served: until.toISOString() } : each))
}

export function begin(memory: SourceMemory, kind: SnapshotKind, now: Date): SourceMemory {
  return mapped(memory, (each, its) =>
    its === kind ? { ...each, begun: now.toISOString(), notBefore: undefined } : each,
  )
}

/** @param kind the one that was asked for */
export function conclude(
  memory: SourceMemory,
  kind: SnapshotKind,
  ending: Ending,
  { startedAt, now }: { startedAt: Date; now: Date },
): SourceMemory {
  const served = startedAt.toISOString()
  const isServed = (made: SnapshotKind, its: SnapshotKind) =>
    kinds.indexOf(its) >= Math.min(kinds.indexOf(kind), kinds.indexOf(made))
  switch (ending.ended) {
    case 'done':
      return mapped(memory, (each, its) => (isServed(ending.made, its) ? { served, failures: 0 } : each))
    case 'failed':
      return mapped(memory, (each, its) => {
        if (its !== kind) return each
        const failures = each.failures + 1
        if (!ending.retriable) return { served, failures }
        return { ...each, failures, notBefore: later(now, pauseAfter(failures)) }
      })
    case 'held':
      return mapped(memory, (each, its) => (its === kind ? { ...each, notBefore: later(now, minute) } : each))
    case 'cancelled':
      // The lighter ones wait with it; a heavier one is another run than the one that was not wanted.
      return mapped(memory, (each, its) =>
        isServed(ending.made, its) ? { served: now.toISOString(), failures: each.failures } : each,
      )
    case 'stopped':
      return mapped(memory, (each, its) => (its === kind ? { ...each, notBefore: now.toISOString() } : each))
  }
}

function mapped(memory: SourceMemory, change: (each: KindMemory, kind: SnapshotKind) => KindMemory): SourceMemory {
  const entries = Object.entries(memory.kinds) as [SnapshotKind, KindMemory][]
  return { ...memory, kinds: Object.fromEntries(entries.map(([kind, each]) => [kind, change(each, kind)])) }
}

function later(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds).toISOString()
}
