import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { newUlid } from '../../../shared/ids.ts'
import type { Moment } from '../../../shared/planner/plan.ts'
import { type CommittedSnapshot, type LaneHeads, laneOf, type SnapshotKind } from '../../../shared/snapshot.ts'
import type { Plan, RestoreInput, RestoreReport, StagedArtefact } from '../../../uploader/engines/engine.ts'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import type { Settings } from '../../../uploader/engines/mysql/settings.ts'
import { PromotionNeeded } from '../../../uploader/engines/promotion-needed.ts'
import { headsOf, inputOf, nextFolder } from '../receiver-side.ts'
import { stage } from '../stage.ts'

export interface Taken {
  committed: CommittedSnapshot
  plan: Plan
  folder: string
  files: RestoreInput['files']
  /** Why it is a full although a log was asked for. */
  promoted: string | null
  warnings: string[]
}

export interface Hooks {
  signal?: AbortSignal
  /** Between `begin` and the first artefact. */
  begun?: () => Promise<void>
  /** Before an artefact is read. */
  before?: (artefact: StagedArtefact) => Promise<void>
  onChunk?: (artefact: StagedArtefact) => Promise<void>
}

/** Backups of one server one after the other, as the uploader would take them and the receiver keep them, but in plain files. */
export class BackupChain {
  readonly settings: Settings
  readonly directory: string
  readonly taken: Taken[] = []
  readonly #source = newUlid()
  readonly #concurrency: number

  private constructor(settings: Settings, directory: string, concurrency: number) {
    this.settings = settings
    this.directory = directory
    this.#concurrency = concurrency
  }

  static async of(settings: Settings, concurrency = 2): Promise<BackupChain> {
    return new BackupChain(settings, await mkdtemp(join(tmpdir(), 'failsafe-chain-')), concurrency)
  }

  get scratch(): string {
    return join(this.directory, 'scratch')
  }

  get heads(): LaneHeads {
    return headsOf(this.taken)
  }

  /** A log becomes a full where the engine says that only this helps. */
  async take(requested: SnapshotKind, hooks: Hooks = {}): Promise<Taken> {
    try {
      return await this.#take(requested, null, hooks)
    } catch (error) {
      if (!(error instanceof PromotionNeeded)) throw error
      return this.#take('full', error.promotion.code, {})
    }
  }

  async #take(requested: SnapshotKind, promoted: string | null, hooks: Hooks): Promise<Taken> {
    const signal = hooks.signal ?? new AbortController().signal
    const inventory = await mysql.inspect(this.settings, signal)
    const plan = mysql.plan(requested, inventory, this.heads)
    const folder = nextFolder(this.taken, plan)
    const warnings: string[] = []
    const session = await mysql.begin(this.settings, plan, {
      signal,
      concurrency: this.#concurrency,
      kept: new Map(),
      scratch: this.scratch,
      undo: join(this.scratch, '../undo.json'),
      step: () => {},
      warn: (code, message) => warnings.push(`${code}: ${message}`),
      written: () => {},
      now: () => new Date(),
    })
    let outcome: 'succeeded' | 'failed' = 'failed'
    try {
      await hooks.begun?.()
      const { units, files } = await stage(session, this.#concurrency, { directory: this.directory, folder }, hooks)
      outcome = 'succeeded'
      const committed: CommittedSnapshot = {
        snapshot: `${this.#source}.${newUlid()}`,
        lane: laneOf(plan.kind),
        kind: plan.kind,
        receivedAt: new Date().toISOString(),
        units,
      }
      const taken: Taken = {
        committed,
        plan,
        folder,
        promoted: promoted ?? plan.promoted?.code ?? null,
        warnings,
        files,
      }
      this.taken.push(taken)
      return taken
    } finally {
      await session.close(outcome)
      await rm(this.scratch, { recursive: true, force: true })
    }
  }

  /** What the receiver's planner chooses for a moment, laid out. */
  input(moment: Moment): RestoreInput {
    return inputOf(this.taken, this.directory, moment)
  }

  /** @param stop where to stop within what leads to `moment` */
  async restore(
    target: { port: number } | null,
    moment: Moment = { kind: 'latest' },
    stop: { at?: string; before?: string; only?: string } = {},
  ): Promise<RestoreReport & { warnings: string[] }> {
    const warnings: string[] = []
    const input = this.input(moment)
    const { only } = stop
    const chosen = ({ name, role }: (typeof input.files)[number]) =>
      only === undefined || role === 'log' || posix.matchesGlob(name.slice(name.indexOf('/') + 1), only)
    const report = await mysql.restore(
      {
        ...input,
        files: input.files.filter(chosen),
        ...stop,
        ...(target && { apply: { target: `mysql://root@127.0.0.1:${target.port}` } }),
      },
      {
        signal: new AbortController().signal,
        concurrency: 2,
        warn: (code, message) => warnings.push(`${code}: ${message}`),
        progress: () => {},
        now: () => new Date(),
      },
    )
    return { ...report, warnings }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }
}
