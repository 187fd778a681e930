import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newUlid } from '../../../shared/ids.ts'
import type { Moment } from '../../../shared/planner/plan.ts'
import type { CommittedSnapshot, LaneHeads, SnapshotKind } from '../../../shared/snapshot.ts'
import type { BeginOptions } from '../../../uploader/engines/domino/backup/begin.ts'
import type { Result } from '../../../uploader/engines/domino/backup/results.ts'
import { newDomino } from '../../../uploader/engines/domino/engine.ts'
import { Settings } from '../../../uploader/engines/domino/settings.ts'
import type {
  BackupContext,
  Plan,
  RestoreInput,
  RestoreReport,
  StagedArtefact,
} from '../../../uploader/engines/engine.ts'
import type { NotesWorld } from '../../doubles/notes/world.ts'
import { commitNext, headsOf, inputOf, nextFolder } from '../receiver-side.ts'
import { stage } from '../stage.ts'

export interface Taken {
  committed: CommittedSnapshot
  plan: Plan
  files: RestoreInput['files']
  warnings: string[]
  results: Record<string, Result>
  notes: string[]
}

export interface Hooks {
  signal?: AbortSignal
  before?: (artefact: StagedArtefact) => void | Promise<void>
  onChunk?: (artefact: StagedArtefact, chunk: Uint8Array) => void | Promise<void>
  kept?: BackupContext['kept']
  /** False: the process dies between the receiver's commit and the word to Domino. */
  tellSource?: boolean
  now?: () => Date
}

const main = join(import.meta.dirname, '../../../uploader/main.ts')

/** For tests: the helper is started with Node, and as whoever runs them. */
export const helperOptions: BeginOptions = {
  command: [process.execPath, main],
  identity: async () => undefined,
  patience: { pause: 20, attempts: 4 },
}

/** The helper of a partition that belongs to nobody: a directory that is closed is closed to it, also where tests are root. */
export const asNobody: BeginOptions = {
  ...helperOptions,
  identity: async () => (process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined),
}

/** Backups of one partition one after the other, as the uploader would take them and the receiver keep them, but in plain files. */
export class BackupChain implements AsyncDisposable {
  readonly settings: Settings
  readonly directory: string
  readonly taken: Taken[] = []
  readonly engine: ReturnType<typeof newDomino>
  readonly #source = newUlid()
  readonly #concurrency: number

  private constructor(settings: Settings, directory: string, options: BeginOptions, concurrency: number) {
    this.settings = settings
    this.directory = directory
    this.engine = newDomino({ ...helperOptions, ...options })
    this.#concurrency = concurrency
  }

  static async of(
    world: NotesWorld,
    more: Partial<Settings> = {},
    { options = {}, concurrency = 2 }: { options?: BeginOptions; concurrency?: number } = {},
  ): Promise<BackupChain> {
    const directory = await mkdtemp(join(tmpdir(), 'failsafe-domino-chain-'))
    const settings = Settings.parse({ ini: world.ini, directory: world.copies, ...more })
    return new BackupChain(settings, directory, options, concurrency)
  }

  get heads(): LaneHeads {
    return headsOf(this.taken)
  }

  /** Copies of databases that lie in the directory for them. */
  copies(): Promise<string[]> {
    return readdir(this.settings.directory)
  }

  async take(requested: SnapshotKind, hooks: Hooks = {}): Promise<Taken> {
    const signal = hooks.signal ?? new AbortController().signal
    const plan = this.engine.plan(requested, await this.engine.inspect(this.settings, signal), this.heads)
    const folder = nextFolder(this.taken, plan)
    const warnings: string[] = []
    const session = await this.engine.begin(this.settings, plan, {
      signal,
      concurrency: this.#concurrency,
      kept: hooks.kept ?? new Map(),
      scratch: join(this.directory, 'source/run/scratch'),
      undo: join(this.directory, 'source/undo'),
      step: () => {},
      warn: (code, message) => warnings.push(`${code}: ${message}`),
      written: () => {},
      now: hooks.now ?? (() => new Date()),
    })
    let outcome: 'succeeded' | 'failed' = 'failed'
    try {
      await mkdir(join(this.directory, folder), { recursive: true })
      const { units, files } = await stage(
        session,
        this.#concurrency,
        { directory: this.directory, folder },
        { before: hooks.before, onChunk: hooks.onChunk },
      )
      outcome = 'succeeded'
      const committed = commitNext(this.taken, this.#source, plan, units)
      const list = files.find(({ name }) => name.endsWith('databases.jsonl'))
      const results = list ? await readFile(join(this.directory, list.name), 'utf8') : ''
      const taken: Taken = { committed, plan, warnings, files, results: resultsIn(results), notes: [] }
      this.taken.push(taken)
      if (hooks.tellSource !== false)
        taken.notes = (await this.engine.committed!(this.settings, committed, signal)).notes
      return taken
    } finally {
      await session.close(outcome)
    }
  }

  /** What the uploader would hand to the engine for a moment. */
  inputOf(moment: Moment = { kind: 'latest' }): RestoreInput {
    return inputOf(this.taken, this.directory, moment)
  }

  async restore(
    target: string | undefined,
    { input = this.inputOf(), warnings = [] }: { input?: RestoreInput; warnings?: string[] } = {},
  ): Promise<RestoreReport> {
    return this.engine.restore(
      { ...input, ...(target === undefined ? {} : { apply: { target } }) },
      {
        signal: new AbortController().signal,
        concurrency: 2,
        warn: (code, message) => warnings.push(`${code}: ${message}`),
        progress: () => {},
        now: () => new Date(),
      },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }
}

function resultsIn(text: string): Record<string, Result> {
  const lines = text.split('\n').filter(line => line !== '')
  return Object.fromEntries(lines.map(line => JSON.parse(line) as Result).map(result => [result.path, result]))
}
