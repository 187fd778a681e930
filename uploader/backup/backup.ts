import type { z } from 'zod'
import type { OpenResponse, SourceRequest } from '../../shared/api/agent.ts'
import type { RunId, SnapshotId } from '../../shared/ids.ts'
import type { EngineKind, SnapshotKind, UnitEntry } from '../../shared/snapshot.ts'
import type { Engine } from '../engines/engine.ts'
import type { Reporter } from '../output/reporter.ts'
import type { Receiver } from '../receiver/receiver.ts'
import type { AgentState } from '../state/agent.ts'
import type { KnownSourceFile } from '../state/known-source.ts'
import type { PaceFile } from '../state/pace.ts'
import type { PutPart } from '../transfer/put-part.ts'

/** `auto`: an incremental run where there is something to build on, else a full one. */
export type BackupMode = 'auto' | SnapshotKind

export interface BackupOptions<Settings, Inventory> {
  /** The source's name in the configuration. */
  source: string
  engine: Engine<Settings, Inventory>
  settings: Settings
  mode: BackupMode
  receiver: Receiver
  agent: AgentState
  staging: { dir: string; maxBytes: number }
  upload: { concurrency: number }
  /** Artefacts read at the same time; the cores, four at most, if not given. */
  readers?: number
  /** Told to the receiver, which watches for runs that do not come. */
  schedule?: Pick<z.input<typeof SourceRequest>, 'schedule' | 'timeZone' | 'jitterSeconds'>
  /** Name and version of this program, for the manifest. */
  uploader: string
  reporter: Reporter
  /** Aborted when a person or the system wants the run to stop: it ends as `cancelled`. */
  signal: AbortSignal
  now?: () => Date
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>
  random?: () => number
  /** Sends one part. */
  put: PutPart
  /** Milliseconds in which nothing at all moved before an upload is given up; an hour if not given. */
  patience?: number
  /** Seconds that the source may be held, as far as earlier runs tell; no limit if not given. */
  hold?: { longest: number; pace: PaceFile }
  /** Told once all was sent: nothing is left but the commit. */
  onSent?: () => void
  /** Where it is kept how a run leaves the source at the receiver; every run asks if not given. */
  known?: KnownSourceFile
}

/** The receiver's answer to a run that opens a snapshot. */
export type Opened = z.output<typeof OpenResponse>

export interface Warning {
  code: string
  message: string
}

/** What `backup --json` prints last. */
export interface BackupResult {
  type: 'summary'
  run: RunId
  source: string
  engine: EngineKind
  kind: SnapshotKind
  requested: BackupMode
  /** Why another kind than the requested one was made. */
  promoted: string | null
  snapshot: SnapshotId
  units: UnitEntry[]
  steps: string[]
  artefacts: number
  /** `source` before compression; `sent` is all that went out, `resent` the part of it that went out in vain. */
  bytes: { source: number; sealed: number; sent: number; resent: number }
  /** The span of moments that this snapshot can restore every unit to, on the engine's clock. */
  restorable: { from: string; to: string }
  seconds: number
  peakRssBytes: number
  warnings: Warning[]
}
