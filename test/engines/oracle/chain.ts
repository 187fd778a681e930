import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newUlid } from '../../../shared/ids.ts'
import type { Moment } from '../../../shared/planner/plan.ts'
import type { CommittedSnapshot, LaneHeads, SnapshotKind } from '../../../shared/snapshot.ts'
import type { Plan, RestoreInput, RestoreReport, Session, StagedArtefact } from '../../../uploader/engines/engine.ts'
import { type BeginOptions, begin } from '../../../uploader/engines/oracle/backup/begin.ts'
import { committed } from '../../../uploader/engines/oracle/backup/committed.ts'
import { recover } from '../../../uploader/engines/oracle/backup/recover.ts'
import { oracle as engine } from '../../../uploader/engines/oracle/engine.ts'
import { PromotionNeeded } from '../../../uploader/engines/promotion-needed.ts'
import type { Oracle } from '../../doubles/tns/oracle.ts'
import type { User } from '../../doubles/tns/session/session.ts'
import { commitNext, headsOf, inputOf, nextFolder } from '../receiver-side.ts'
import { stage, type WholeFile } from '../stage.ts'
import { recovered, type State } from './operator.ts'

export interface Taken {
  committed: CommittedSnapshot
  plan: Plan
  files: RestoreInput['files']
  warnings: string[]
  /** Why a full was taken where the plan, or the run itself, found that logs cannot be gone on with. */
  promoted: string | undefined
}

export interface Hooks {
  signal?: AbortSignal
  /** Between the plan and `begin`. */
  planned?: () => void | Promise<void>
  /** Before an artefact is read. */
  before?: (artefact: StagedArtefact) => void | Promise<void>
  onChunk?: (artefact: StagedArtefact) => void | Promise<void>
  options?: BeginOptions
  /** The process dies: whatever was thrown, nothing is closed. */
  killed?: true
}

/** Short, so that no test waits for what it does not test. */
const patience = { attempts: 3, pause: 20 }
const times = { archive: 2000, waiting: { attempts: 2, pause: 10 }, second: 0 }

/** Backups of one database one after the other, as the uploader would take them and the receiver keep them, but in plain files. */
export class BackupChain implements AsyncDisposable {
  readonly settings: Parameters<typeof begin>[0]
  readonly directory: string
  readonly taken: Taken[] = []
  readonly #server: Oracle
  readonly #source = newUlid()
  readonly #concurrency: number
  /** What a process had staged whole that was killed: the next one may go on with it. */
  readonly #whole = new Map<string, WholeFile>()

  private constructor(server: Oracle, settings: Parameters<typeof begin>[0], directory: string, concurrency: number) {
    this.#server = server
    this.settings = settings
    this.directory = directory
    this.#concurrency = concurrency
  }

  static async of(
    server: Oracle,
    more: Record<string, unknown> = {},
    { user = server.users[0]!, concurrency = 2 }: { user?: User; concurrency?: number } = {},
  ): Promise<BackupChain> {
    const directory = await mkdtemp(join(tmpdir(), 'failsafe-oracle-chain-'))
    const exchange = join(server.database.directory, 'exchange')
    await mkdir(exchange, { recursive: true })
    process.env.FAILSAFE_TEST_ORACLE = user.password
    const { connection = {}, ...others } = more as { connection?: object }
    const settings = engine.settings.parse({
      connection: {
        port: server.port,
        service: server.database.uniqueName,
        user: user.name,
        passwordEnv: 'FAILSAFE_TEST_ORACLE',
        as: user.administrative[0]?.toLowerCase() ?? 'none',
        ...connection,
      },
      directory: exchange,
      ...others,
    }) as Parameters<typeof begin>[0]
    return new BackupChain(server, settings, directory, concurrency)
  }

  get heads(): LaneHeads {
    return headsOf(this.taken)
  }

  get undo(): string {
    return join(this.directory, 'source/undo.json')
  }

  /** What the uploader calls before a run where one of before has left something. */
  recover(): Promise<{ notes: string[] }> {
    return recover(this.settings, this.undo, new AbortController().signal, { patience })
  }

  committed(taken: Taken): Promise<{ notes: string[] }> {
    const { snapshot, units } = taken.committed
    return committed(this.settings, { snapshot, units }, new AbortController().signal)
  }

  /** A log that turns out to continue nothing is made a full at once, as the uploader does. */
  async take(requested: SnapshotKind, hooks: Hooks = {}): Promise<Taken> {
    try {
      return await this.attempt(requested, hooks)
    } catch (error) {
      if (!(error instanceof PromotionNeeded)) throw error
      return { ...(await this.attempt('full', hooks)), promoted: error.promotion.code }
    }
  }

  async attempt(requested: SnapshotKind, hooks: Hooks = {}): Promise<Taken> {
    // As the uploader does: the first failure stops all that is under way.
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, ...(hooks.signal ? [hooks.signal] : [])])
    const stopping =
      <A extends unknown[]>(hook: ((...given: A) => void | Promise<void>) | undefined) =>
      async (...given: A) => {
        try {
          await hook?.(...given)
        } catch (error) {
          stop.abort(error)
          throw error
        }
      }
    const plan = engine.plan(requested, await engine.inspect(this.settings, signal), this.heads)
    await hooks.planned?.()
    const folder = nextFolder(this.taken, plan)
    const warnings: string[] = []
    const session = await begin(
      this.settings,
      plan,
      {
        signal,
        concurrency: this.#concurrency,
        kept: new Map([...this.#whole].map(([key, { artefact }]) => [key, artefact])),
        scratch: join(this.directory, 'source/run/scratch'),
        undo: this.undo,
        step: () => {},
        warn: (code, message) => warnings.push(`${code}: ${message}`),
        written: () => {},
        now: () => new Date(),
      },
      { patience, ...hooks.options, times: { ...times, ...hooks.options?.times } },
    )
    let outcome: 'succeeded' | 'failed' = 'failed'
    try {
      const { units, files } = await stage(
        session,
        this.#concurrency,
        { directory: this.directory, folder },
        {
          kept: this.#whole,
          before: stopping(hooks.before),
          onChunk: stopping(hooks.onChunk),
          onWhole: whole => {
            const { resumeKey } = whole.artefact
            if (hooks.killed && resumeKey !== undefined) this.#whole.set(resumeKey, whole)
          },
        },
      )
      this.#whole.clear()
      outcome = 'succeeded'
      return this.#keep(plan, units, files, warnings)
    } finally {
      if (hooks.killed && outcome === 'failed') await this.#die(session)
      else await session.close(outcome)
    }
  }

  /** Every connection is gone at once, as when a process is killed. */
  async #die(_session: Session): Promise<void> {
    await this.#server.stopListening()
    await this.#server.listen()
  }

  #keep(plan: Plan, units: CommittedSnapshot['units'], files: RestoreInput['files'], warnings: string[]): Taken {
    const committed = commitNext(this.taken, this.#source, plan, units)
    const taken: Taken = { committed, plan, warnings, files, promoted: plan.promoted?.code }
    this.taken.push(taken)
    return taken
  }

  get snapshots(): CommittedSnapshot[] {
    return this.taken.map(({ committed }) => committed)
  }

  /** What the uploader would hand to the engine for a moment. */
  inputOf(moment: Moment, before?: string): RestoreInput {
    return { ...inputOf(this.taken, this.directory, moment), ...(before === undefined ? {} : { before }) }
  }

  async report(moment: Moment, before?: string): Promise<RestoreReport & { warnings: string[] }> {
    const warnings: string[] = []
    const report = await engine.restore(this.inputOf(moment, before), {
      signal: new AbortController().signal,
      concurrency: 1,
      warn: (code, message) => warnings.push(`${code}: ${message}`),
      progress: () => {},
      now: () => new Date(),
    })
    for (const { name, content } of report.files ?? []) await writeFile(join(this.directory, name), content)
    return { ...report, warnings }
  }

  /** What an operator gets who follows the runbook, and what the database held then. */
  async restore(moment: Moment, before?: string): Promise<{ got: State; held: State }> {
    const report = await this.report(moment, before)
    return recovered(report.files!, this.directory, this.#server.database)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }
}
