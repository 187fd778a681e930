import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newUlid } from '../../../shared/ids.ts'
import type { Moment } from '../../../shared/planner/plan.ts'
import type { CommittedSnapshot, LaneHeads, SnapshotKind } from '../../../shared/snapshot.ts'
import type { Plan, RestoreInput, RestoreReport, StagedArtefact } from '../../../uploader/engines/engine.ts'
import { type BeginOptions, begin } from '../../../uploader/engines/sqlserver/backup/begin.ts'
import type { Result } from '../../../uploader/engines/sqlserver/backup/results.ts'
import { sqlserver } from '../../../uploader/engines/sqlserver/engine.ts'
import type { Settings } from '../../../uploader/engines/sqlserver/settings.ts'
import type { SqlServer } from '../../doubles/tds/server.ts'
import { commitNext, headsOf, inputOf, nextFolder } from '../receiver-side.ts'
import { type StageHooks, stage } from '../stage.ts'

export interface Taken {
  committed: CommittedSnapshot
  plan: Plan
  files: RestoreInput['files']
  warnings: string[]
  /** What became of each database. */
  results: Record<string, Result>
}

export interface Hooks {
  signal?: AbortSignal
  /** Between the plan and `begin`. */
  planned?: () => void | Promise<void>
  /** Before an artefact is read. */
  before?: (artefact: StagedArtefact) => void | Promise<void>
  /** Artefacts that a killed process of the same run had staged. */
  kept?: Parameters<typeof begin>[2]['kept']
  options?: BeginOptions
  written?: (bytes: number) => void
  onChunk?: StageHooks['onChunk']
}

/** Short, so that no test waits for what it does not test. */
const patience = { stall: 5000, poll: 50 }

/** Backups of one server one after the other, as the uploader would take them and the receiver keep them, but in plain files. */
export class BackupChain implements AsyncDisposable {
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

  static async of(
    server: Pick<SqlServer, 'host' | 'port' | 'logins'>,
    more: Partial<Settings> = {},
    { login = server.logins.sa, concurrency = 2 } = {},
  ): Promise<BackupChain> {
    const directory = await mkdtemp(join(tmpdir(), 'failsafe-sqlserver-'))
    await mkdir(join(directory, 'exchange'))
    process.env.FAILSAFE_TEST_SQLSERVER = login.password
    const settings = sqlserver.settings.parse({
      connection: { host: server.host, port: server.port, user: login.user, passwordEnv: 'FAILSAFE_TEST_SQLSERVER' },
      ...(more.door === undefined && { directory: join(directory, 'exchange') }),
      ...more,
    })
    return new BackupChain(settings, directory, concurrency)
  }

  get heads(): LaneHeads {
    return headsOf(this.taken)
  }

  get exchangeDirectory(): string {
    return join(this.directory, 'exchange')
  }

  /** Files that lie in the exchange directory. */
  exchange(): Promise<string[]> {
    return readdir(this.exchangeDirectory)
  }

  /** Files that lie in the directory of the run, which may be gone. */
  async scratch(): Promise<string[]> {
    const names = await readdir(join(this.directory, 'source'), { recursive: true }).catch(() => [])
    return names.filter(name => name.includes('.'))
  }

  async take(requested: SnapshotKind, hooks: Hooks = {}): Promise<Taken> {
    const signal = hooks.signal ?? new AbortController().signal
    const plan = sqlserver.plan(requested, await sqlserver.inspect(this.settings, signal), this.heads)
    await hooks.planned?.()
    const folder = nextFolder(this.taken, plan)
    const warnings: string[] = []
    const session = await begin(
      this.settings,
      plan,
      {
        signal,
        concurrency: this.#concurrency,
        kept: hooks.kept ?? new Map(),
        scratch: join(this.directory, 'source/run/scratch'),
        undo: join(this.directory, 'source/undo.json'),
        step: () => {},
        warn: (code, message) => warnings.push(`${code}: ${message}`),
        written: hooks.written ?? (() => {}),
        now: () => new Date(),
      },
      { patience, pause: 20, ...hooks.options },
    )
    let outcome: 'succeeded' | 'failed' = 'failed'
    try {
      const listed: Uint8Array[] = []
      const { units, files } = await stage(
        session,
        this.#concurrency,
        { directory: this.directory, folder },
        {
          before: hooks.before,
          onChunk: async (artefact, chunk) => {
            if (artefact.role === 'file') listed.push(Buffer.from(chunk))
            await hooks.onChunk?.(artefact, chunk)
          },
        },
      )
      outcome = 'succeeded'
      const committed = commitNext(this.taken, this.#source, plan, units)
      const taken: Taken = {
        committed,
        plan,
        warnings,
        results: resultsIn(Buffer.concat(listed).toString()),
        files,
      }
      this.taken.push(taken)
      return taken
    } finally {
      await session.close(outcome)
    }
  }

  /** What the uploader would hand to the engine for a moment. */
  inputOf(moment: Moment, units?: string[]): RestoreInput {
    return inputOf(this.taken, this.directory, moment, units)
  }

  async restore(
    target: Pick<SqlServer, 'host' | 'port' | 'logins'>,
    moment: Moment,
    { units, query = '' }: { units?: string[]; query?: string } = {},
  ): Promise<RestoreReport & { warnings: string[] }> {
    const { user, password } = target.logins.sa
    const address = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@${target.host}:${target.port}`
    const warnings: string[] = []
    const report = await sqlserver.restore(
      { ...this.inputOf(moment, units), apply: { target: `sqlserver://${address}?${query}` } },
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

function resultsIn(lines: string): Record<string, Result> {
  const results = lines
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Result)
  return Object.fromEntries(results.map(result => [result.database, result]))
}
