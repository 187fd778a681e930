import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { newUlid } from '../../../shared/ids.ts'
import type { Moment } from '../../../shared/planner/plan.ts'
import type { CommittedSnapshot, LaneHeads, SnapshotKind } from '../../../shared/snapshot.ts'
import type { Plan, RestoreInput, RestoreReport, Session, StagedArtefact } from '../../../uploader/engines/engine.ts'
import { exchange } from '../../../uploader/engines/exchange/engine.ts'
import { begin } from '../../../uploader/engines/exchange/full/begin.ts'
import type { Pauses } from '../../../uploader/engines/exchange/full/session.ts'
import type { Settings } from '../../../uploader/engines/exchange/settings.ts'
import { hookWord } from '../../../uploader/engines/exchange/shadow/hook-words.ts'
import type { WindowsServer } from '../../doubles/windows/server.ts'
import { commitNext, headsOf, inputOf, nextFolder } from '../receiver-side.ts'
import { stage } from '../stage.ts'

export interface Taken {
  committed: CommittedSnapshot
  plan: Plan
  files: RestoreInput['files']
  warnings: string[]
  /** What the session told after the commit. */
  notes: string[]
  /** `exchange.json` */
  document: any
}

export interface Hooks {
  signal?: AbortSignal
  /** Between the plan and `begin`. */
  planned?: () => void | Promise<void>
  before?: (artefact: StagedArtefact) => void | Promise<void>
  /** When all is staged, in place of a commit at once. Throws where the upload fails. */
  upload?: (session: Session) => void | Promise<void>
  pauses?: Partial<Pauses>
  /** The command line of another hook. */
  hook?: string[]
}

/** This process is a test: the hook is started from the program's source. */
const hook = [process.execPath, resolve(import.meta.dirname, '../../../uploader/main.ts'), hookWord]

/** Backups of one server one after the other, as the uploader would take them and the receiver keep them, but in plain files. */
export class BackupChain implements AsyncDisposable {
  readonly settings: Settings
  readonly directory: string
  readonly taken: Taken[] = []
  readonly #source = newUlid()

  private constructor(settings: Settings, directory: string) {
    this.settings = settings
    this.directory = directory
  }

  static async of(server: WindowsServer, more: Partial<Record<keyof Settings, unknown>> = {}): Promise<BackupChain> {
    server.enter()
    const directory = await mkdtemp(join(tmpdir(), 'failsafe-exchange-'))
    return new BackupChain(exchange.settings.parse({ systemState: false, ...more }), directory)
  }

  get heads(): LaneHeads {
    return headsOf(this.taken)
  }

  /** Of each run in turn: what is left there is found by the next. */
  get scratch(): string {
    return join(this.directory, 'source', 'run', 'scratch')
  }

  async plan(requested: SnapshotKind): Promise<Plan> {
    return exchange.plan(requested, await exchange.inspect(this.settings, new AbortController().signal), this.heads)
  }

  async take(requested: SnapshotKind, hooks: Hooks = {}): Promise<Taken> {
    const stop = new AbortController()
    const signal = hooks.signal ? AbortSignal.any([hooks.signal, stop.signal]) : stop.signal
    const plan = await this.plan(requested)
    await hooks.planned?.()
    const folder = nextFolder(this.taken, plan)
    const warnings: string[] = []
    const session = await begin(
      this.settings,
      plan,
      {
        signal,
        concurrency: 2,
        kept: new Map(),
        scratch: this.scratch,
        undo: join(this.scratch, 'undo'),
        step: () => {},
        warn: (code, message) => warnings.push(`${code}: ${message}`),
        written: () => {},
        now: () => new Date(),
      },
      { hook: hooks.hook ?? hook, pauses: { freeze: [1, 1, 1], look: 1, ...hooks.pauses } },
    )
    let outcome: 'succeeded' | 'failed' = 'failed'
    try {
      const { units, files } = await stage(session, 2, { directory: this.directory, folder }, { before: hooks.before })
      session.staged?.()
      await hooks.upload?.(session)
      const notes = (await session.committed?.())?.notes ?? []
      outcome = 'succeeded'
      const committed = commitNext(this.taken, this.#source, plan, units)
      const document = JSON.parse(await readFile(join(this.directory, folder, 'exchange.json'), 'utf8'))
      const taken: Taken = { committed, plan, warnings, notes, files, document }
      this.taken.push(taken)
      return taken
    } catch (error) {
      stop.abort(error)
      throw error
    } finally {
      await session.close(outcome)
    }
  }

  recover(): Promise<{ notes: string[] }> {
    return exchange.recover!(this.settings, { scratches: [this.scratch], undo: '' }, new AbortController().signal)
  }

  /** What the uploader would hand to the engine for a moment. */
  inputOf(moment: Moment, units?: string[]): RestoreInput {
    return inputOf(this.taken, this.directory, moment, units)
  }

  /** @param to a new directory */
  async restore(
    to: string,
    moment: Moment = { kind: 'latest' },
    units?: string[],
  ): Promise<RestoreReport & { warnings: string[] }> {
    const warnings: string[] = []
    const report = await exchange.restore(
      { ...this.inputOf(moment, units), apply: { target: `file://${to}` } },
      {
        signal: new AbortController().signal,
        concurrency: 1,
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
