import type { ZodType } from 'zod'
import type { SnapshotId } from '../../shared/ids.ts'
import type { ArtefactRole } from '../../shared/manifest.ts'
import type { EngineKind, LaneHeads, SnapshotKind, UnitEntry } from '../../shared/snapshot.ts'

/**
 * The port between an application and the rest of the uploader. An engine knows its application and nothing of sealing,
 * transfer or the receiver. Methods that talk to the application take a signal and end soon after it is aborted.
 */
export interface Engine<Settings = unknown, Inventory = unknown> {
  readonly kind: EngineKind
  readonly settings: ZodType<Settings>

  /** Read only, cheap, safe at any time. Throws a Failure with a fix the operator can act on. */
  inspect(settings: Settings, signal: AbortSignal): Promise<Inventory>

  /** Pure decision from inventory and committed heads, unit by unit. Says why when it promotes. */
  plan(requested: SnapshotKind, inventory: Inventory, heads: LaneHeads): Plan

  /**
   * Takes what the backup needs on the server. Whatever happens after it returned, `close` is called; if it throws, it has released all itself.
   * @throws PromotionNeeded, here or from the session, where a log or differential turns out to continue nothing: a full is taken instead
   */
  begin(settings: Settings, plan: Plan, context: BackupContext): Promise<Session>

  /**
   * The receiver has committed what a session of this source gave; that session is still open, unless its process died: then this is called from a later one.
   * At least once, so idempotent: what the source may only now forget or truncate. Its notes end up on the run. For engines that have something to tell.
   */
  committed?(settings: Settings, snapshot: Stored, signal: AbortSignal): Promise<{ notes: string[] }>

  /**
   * A later run has committed what a session of this source gave, which was over by then: what can not be told to the source any more. Idempotent, and after
   * `committed`. What it warns of ends up on both runs.
   */
  committedLate?(settings: Settings, snapshot: Stored, signal: AbortSignal): Promise<Told>

  /**
   * Undoes what a run of before may have left behind on the server (backup mode, shadow copies). Called before anything else is asked of the source, where the
   * remains of a run that died are found or its file `undo` is there; idempotent. Its notes end up on the run. For engines whose servers do not let go by
   * themselves when a connection ends.
   */
  recover?(settings: Settings, left: LeftBehind, signal: AbortSignal): Promise<{ notes: string[] }>

  /** Read only: what the account of the source lacks on its application, each with what to do. For engines whose rights can be told apart. */
  checkRights?(settings: Settings, signal: AbortSignal): Promise<Finding[]>

  /** What the service has to be allowed for this source, beside its own directories: by the settings and by files that they name. The application is not asked. */
  serviceNeeds?(settings: Settings): Promise<ServiceNeeds>

  /**
   * Read only: what keeps log runs from continuing one another, as the application is set now. For engines whose application removes logs by itself.
   * @param pause the longest time between two log runs that are scheduled, in seconds
   */
  checkLogs?(settings: Settings, pause: number, signal: AbortSignal): Promise<Finding[]>

  /** Turns laid-out files into this engine's exact steps, and runs them when `options.apply` is given. */
  restore(input: RestoreInput, context: RestoreContext): Promise<RestoreReport>
}

/** Of runs of a source that died. */
export interface LeftBehind {
  /** The `scratch` of each of them, as it left it. */
  scratches: readonly string[]
  /** As in their context; it may not be there. */
  undo: string
}

/** Paths of settings: one that was left out stands for nothing. */
export interface ServiceNeeds {
  /** Why an account of its own will not do, in words for the administrator. */
  root?: string
  /** Somebody else's directories that are written to, by the engine or by what it starts. They stay whose they are, and may not be there yet. */
  writable?: readonly (string | undefined)[]
  /** Files that nobody but the service may read. */
  secrets?: readonly (string | undefined)[]
  /** What else it reaches for: sockets, certificates. */
  reached?: readonly (string | undefined)[]
  /** Of Linux, `CAP_SETUID`, where it runs as root. */
  capabilities?: readonly string[]
  /** The application meets its other processes in the system's own folder for temporary files. */
  sharesTemporary?: boolean
  /** A program that it starts works as another account by its own mode (setuid). */
  startsSetuid?: boolean
}

/** What an administrator should know, as `BackupContext.warn` takes it. */
export interface Told {
  warnings: { code: string; message: string }[]
}

/** A committed snapshot with what it holds of each unit. */
export interface Stored {
  snapshot: SnapshotId
  units: UnitEntry[]
}

/** Something about a source that an operator can put right. */
export interface Finding {
  code: string
  /** Whether a backup is refused because of it; else it is weaker or something of it is missing. */
  grave: boolean
  what: string
  why: string
  fix: string
}

export interface Plan {
  kind: SnapshotKind
  /** Why another kind than the requested one is made; null where it is not. */
  promoted: { code: string; reason: string } | null
  /** Bytes the source is expected to yield, for the progress bar and the part size. */
  expectedBytes: number
  /** What a partner asks for: the steps of this run in plain words, e.g. "Back up all databases to the temporary directory". */
  steps: string[]
  engineVersion: string
  /** The committed entry of each unit that this run goes on from, or may stay in the log history of. */
  continues?: UnitEntry[]
  /** The entries of the last full, whatever the run goes on from: what is otherwise now may be worth a warning. */
  lastFull?: UnitEntry[]
  /** Of a differential: the full backup that it is taken on, and the newest entry that is, or is taken on, that one. */
  base?: { snapshot: SnapshotId; entry: UnitEntry }
  /** What the plan was made from, for an engine of many units: it judges each of them once more when it begins. */
  heads?: LaneHeads
}

export interface BackupContext {
  signal: AbortSignal
  /** At most this many artefacts are read at the same time. */
  concurrency: number
  /**
   * Path for a directory of this run alone, which the engine makes (0700) if it needs one. It goes with everything in it when the run ends, and
   * after a crash when the next one starts.
   */
  scratch: string
  /**
   * Path for a file of this source that outlives the run: there an engine notes what it is about to take on the server and has to be undone, and removes it when
   * that is done. While it is there, `recover` is called before the next run.
   */
  undo: string
  /**
   * Artefacts that this very run had staged whole before its process died, by their `resumeKey`. One that the session yields with the same name and key is not
   * read again and keeps the attributes it had; one that it does not yield is left out of the snapshot.
   */
  kept: ReadonlyMap<string, KeptArtefact>
  /** Step `number` of `plan.steps` (from 1) begins. */
  step(number: number): void
  /** Something that the administrator should know and that does not make the backup wrong. Ends up in the summary. */
  warn(code: string, message: string): void
  /** For an application that writes files itself, before they are read: bytes so far, as far as it tells, of all that the plan expects. */
  written(bytes: number): void
  now(): Date
}

export type KeptArtefact = Pick<StagedArtefact, 'name' | 'unit' | 'attributes'>

export interface Session {
  /**
   * In restore order. May be pulled by up to `concurrency` consumers at once, so the engine hands out an artefact as soon as it
   * can be read and never waits for one before it to be finished, unless the application itself needs that.
   */
  artefacts(): AsyncIterable<StagedArtefact>
  /** Once all artefacts were read: what was backed up of each unit. */
  units(): UnitEntry[]
  /** All of it is sealed and safe, on this disk or at the provider: a kill costs none of it any more. For engines that do not hold the source until the commit at any cost. */
  staged?(): void
  /**
   * Whether the source has forgotten, or may have, what only this run has and the receiver has not committed: such a run ends as `failed-source-advanced` where
   * it fails, and what it staged is kept.
   */
  readonly advanced?: boolean
  /** The receiver has committed, and the source is still held: what it may only now forget. Its notes end up on the run. Before `Engine.committed`. */
  committed?(): Promise<{ notes: string[] }>
  /** Always called, whatever happened; releases everything on the server. Never throws for a server that is gone. */
  close(outcome: 'succeeded' | 'failed' | 'cancelled'): Promise<void>
}

export interface StagedArtefact {
  /** Relative path with `/`, unique in the snapshot, safe as a file name on Windows and Linux. */
  name: string
  role: ArtefactRole
  unit: string
  /** It is most of the snapshot, with nothing beside it that could be sealed at the same time: then several threads work on it. */
  alone?: true
  /** Looked at once all bytes were read. */
  attributes?: Record<string, string>
  /** Sorts artefacts in the index where they are read in another order than they are restored in. */
  order: number
  /**
   * Given to an artefact that stands alone, whatever else is in the snapshot (a database's own backup, a data file that its log makes consistent). Unique in the
   * snapshot, and says which content it is: the same key after a restart means that what was staged then may be used. Without one an artefact belongs to the
   * moment of its session, and is read again.
   */
  resumeKey?: string
  /**
   * Yields the plain bytes. Called exactly once, by one consumer. A chunk is valid only until the next one is asked for (the engine may
   * use its buffer again). Throws a Failure if the artefact cannot be read completely: the run fails.
   */
  read(): AsyncIterable<Uint8Array>
}

export interface RestoreInput {
  /** Where the files were laid out; names are as in the index, in restore order. */
  directory: string
  files: { name: string; role: ArtefactRole; unit: string; size: number; attributes: Record<string, string> }[]
  snapshots: { snapshot: SnapshotId; kind: SnapshotKind; units: UnitEntry[]; engineVersion: string }[]
  /** The pattern by which only some files of the full are there; all logs are, where it is to be applied. */
  only?: string
  /** RFC 3339, or null for the state of the last snapshot. */
  at: string | null
  /** The state just before this place in the logs, as the engine writes it (`binlog.000007:4711`, a GTID). */
  before?: string
  /** Present with `--apply`: where to, e.g. `mysql://user:password@host:3306`. */
  apply?: { target: string }
}

export interface RestoreContext {
  signal: AbortSignal
  concurrency: number
  warn(code: string, message: string): void
  progress(done: number, total: number): void
  now(): Date
}

export interface RestoreReport {
  /** The exact steps in plain words and commands, written as `RESTORE.md` beside the files. */
  runbook: string
  /** Scripts that the runbook speaks of, written beside it. */
  files?: { name: string; content: string }[]
  applied: boolean
  /** One line each, for the summary: what was loaded. */
  notes: string[]
}
