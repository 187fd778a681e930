import { z } from 'zod'
import { EngineKind, SnapshotKind } from '../../shared/snapshot.ts'
import { LastRun } from '../schedule/memory.ts'

/** What a process of this host can be asked over its socket or pipe: one line of JSON there, one back. */
export const ControlRequest = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('status') }),
  /** Of a run: to end. The answer comes when it has. */
  z.strictObject({ ask: z.literal('cancel') }),
  /** Of the daemon: to end, with its runs. The answer comes at once. */
  z.strictObject({ ask: z.literal('stop') }),
])
export type ControlRequest = z.infer<typeof ControlRequest>

export const Refusal = z.object({ refused: z.string() })

const instant = z.iso.datetime()

export const RunStatus = z.object({
  pid: z.number().int(),
  source: z.string(),
  mode: z.string(),
  /** What it makes, once that is decided. */
  kind: z.string().nullable(),
  startedAt: instant,
  step: z.object({ number: z.number().int(), of: z.number().int(), text: z.string() }).nullable(),
  progress: z
    .object({ label: z.string(), done: z.number(), total: z.number().nullable(), bytesPerSecond: z.number() })
    .nullable(),
})
export type RunStatus = z.infer<typeof RunStatus>

/** What became of a run that was cancelled: as it says itself, or null where it was done before it was reached. */
export const Cancelled = z.object({ source: z.string(), said: z.string().nullable() })
export type Cancelled = z.infer<typeof Cancelled>

export const SourceStatus = z.object({
  source: z.string(),
  engine: EngineKind,
  next: z.array(z.object({ mode: SnapshotKind, at: instant })),
  /** Runs that are owed after a failure. */
  owed: z.array(z.object({ mode: SnapshotKind, failures: z.number().int(), at: instant })),
  last: LastRun.nullable(),
})
export type SourceStatus = z.infer<typeof SourceStatus>

export const DaemonStatus = z.object({
  pid: z.number().int(),
  version: z.string(),
  since: instant,
  /** `problem`: why the file as it is now is not what runs go by. */
  config: z.object({ path: z.string(), loadedAt: instant, problem: z.string().nullable() }),
  receiver: z.object({ contactAt: instant.nullable(), problem: z.string().nullable() }),
  log: z.object({ dir: z.string(), problem: z.string().nullable() }),
  sources: z.array(SourceStatus),
})
export type DaemonStatus = z.infer<typeof DaemonStatus>

export const Stopping = z.object({ pid: z.number().int() })
