import { z } from 'zod'
import { Failure } from '../../../../shared/failure.ts'
import { planRestore } from '../../../../shared/planner/plan.ts'
import { ProblemError } from '../../../../shared/problem.ts'
import { type CommittedSnapshot, laneOf, UnitEntry } from '../../../../shared/snapshot.ts'
import type { RestoreInput } from '../../engine.ts'
import { localTimeOf, offsetOf } from '../position.ts'

/** A file of a database, as RESTORE FILELISTONLY showed it when it was backed up. `type`: D data, L log, S FILESTREAM. */
const DatabaseFile = z.object({
  logical: z.string(),
  physical: z.string(),
  type: z.string(),
  bytes: z.string().nullable(),
})
export type DatabaseFile = z.infer<typeof DatabaseFile>

/** One backup that is restored. */
export interface Step {
  entry: UnitEntry
  /** Its files, relative to the directory that they were laid out in: one, or the streams that the server sent it in. */
  names: string[]
  size: number
  files: DatabaseFile[]
}

/** How one database is restored. */
export interface Chain {
  database: string
  /** A full, a differential where there is one, logs. */
  steps: Step[]
  /** An instant: up to when its state is known. */
  reached: string
  /** Where the logs stop, on the clock of the server that was backed up; null where all of them are restored whole. */
  stopAt: string | null
  /** The clock was changed within the log that the moment lies in, so that `stopAt` may mean another hour. */
  clockChanged: boolean
}

export interface Chains {
  chains: Chain[]
  /** Databases that something is here of, and not enough to restore them. */
  without: { database: string; reason: string }[]
}

/** @throws Failure `sqlserver-bulk-logged` */
export function chainsOf(input: RestoreInput): Chains {
  const bySet = stepsIn(input)
  const chosen = new Set(input.files.filter(({ attributes }) => attributes.entry !== undefined).map(({ unit }) => unit))
  const chains: Chain[] = []
  const without: Chains['without'] = []
  for (const [database, snapshots] of byUnit(input)) {
    if (!chosen.has(database)) continue
    const entries = entriesOf(database, snapshots, input.at)
    if (typeof entries === 'string') {
      without.push({ database, reason: entries })
      continue
    }
    const needed = entries.filter(isFile)
    const steps = needed.flatMap(({ info }) => bySet.get(info?.set ?? '') ?? [])
    if (steps.length < needed.length) without.push({ database, reason: 'not all of its files were chosen' })
    else chains.push(chainOf(database, steps, entries.at(-1)!, input.at))
  }
  return { chains, without }
}

/** By their backup sets; without those of which not all files were chosen. A file whose backup came to no end has no entry. */
function stepsIn({ files }: RestoreInput): Map<string, Step> {
  const sound = files.filter(({ attributes }) => attributes.entry !== undefined)
  const entryOf = ({ attributes }: (typeof sound)[number]) => UnitEntry.parse(JSON.parse(attributes.entry!))
  const steps = new Map<string, Step>()
  for (const [set, parts] of Map.groupBy(sound, file => entryOf(file).info!.set!)) {
    const [{ attributes }] = parts as [(typeof sound)[number]]
    const [, all = '1'] = attributes.stripe?.split('/') ?? []
    if (parts.length < Number(all)) continue
    steps.set(set, {
      entry: entryOf(parts[0]!),
      names: parts.map(({ name }) => name),
      size: parts.reduce((sum, { size }) => sum + size, 0),
      files: z.array(DatabaseFile).parse(JSON.parse(attributes.files ?? '[]')),
    })
  }
  return steps
}

/** Each database by itself, with snapshots that name it alone. Their ids are in the order in which they were opened. */
function byUnit({ snapshots }: RestoreInput): Map<string, CommittedSnapshot[]> {
  const units = new Map<string, CommittedSnapshot[]>()
  const inOrder = snapshots.toSorted((a, b) => (a.snapshot < b.snapshot ? -1 : 1))
  for (const [i, { snapshot, kind, units: entries }] of inOrder.entries())
    for (const entry of entries) {
      const one = { snapshot, kind, lane: laneOf(kind), receivedAt: new Date(i).toISOString(), units: [entry] }
      const known = units.get(entry.unit)
      if (known) known.push(one)
      else units.set(entry.unit, [one])
    }
  return units
}

/** The entries that lead there, or why none do. */
function entriesOf(unit: string, snapshots: CommittedSnapshot[], at: string | null): UnitEntry[] | string {
  try {
    const plan = planRestore(snapshots, at === null ? { kind: 'latest' } : { kind: 'at', at }, [unit])
    return plan.snapshots.map(({ units: [entry] }) => entry!)
  } catch (error) {
    if (error instanceof ProblemError) return error.why ?? error.message
    throw error
  }
}

/** Some entries only say that nothing was written, or that a log stands where it stood. */
function isFile({ kind, from, to, info }: UnitEntry): boolean {
  return info?.unchanged !== 'true' && (kind !== 'log' || from?.at !== to.at)
}

function chainOf(database: string, steps: Step[], last: UnitEntry, at: string | null): Chain {
  const end = steps.at(-1)!.entry
  const reached = at ?? last.covers.to
  const stops = at !== null && end.kind === 'log'
  if (stops && end.info?.bulkLogged === 'true') {
    if (Date.parse(at) < Date.parse(end.covers.to)) throw insideBulkLogged(database, end)
    return { database, steps, reached, stopAt: null, clockChanged: false }
  }
  const offset = offsetOf(end.covers.to)
  return {
    database,
    steps,
    reached,
    stopAt: stops ? localTimeOf(at, offset) : null,
    clockChanged: stops && offsetOf(end.covers.from) !== offset,
  }
}

function insideBulkLogged(database: string, { covers }: UnitEntry): Failure {
  return new Failure('sqlserver-bulk-logged', `${database} cannot be restored to a moment within this log`, {
    why: 'it holds operations that were only logged in bulk, so the server takes it whole or not at all',
    fix: `Choose ${covers.from} or ${covers.to}`,
  })
}
