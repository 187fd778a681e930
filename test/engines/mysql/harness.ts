import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../../../shared/failure.ts'
import { newUlid } from '../../../shared/ids.ts'
import type { UnitEntry } from '../../../shared/snapshot.ts'
import type { RestoreInput, RestoreReport, Session, StagedArtefact } from '../../../uploader/engines/engine.ts'
import { begin, type DumpOptions } from '../../../uploader/engines/mysql/dump/begin.ts'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import type { Database } from '../../support/database.ts'
import { stage } from '../stage.ts'

export interface Dumped {
  directory: string
  input: RestoreInput
  units: UnitEntry[]
  warnings: string[]
  steps: number[]
  [Symbol.asyncDispose](): Promise<void>
}

export function settingsFor(server: { port: number }, user = 'root', passwordEnv?: string) {
  return mysql.settings.parse({
    connection: { host: '127.0.0.1', port: server.port, user, ...(passwordEnv && { passwordEnv }) },
  })
}

/** A source of which not everything is chosen. */
export function choosing(server: { port: number }, choice: { include?: string[]; exclude?: string[] }) {
  return mysql.settings.parse({ connection: { host: '127.0.0.1', port: server.port, user: 'root' }, ...choice })
}

/** A full backup, as the uploader would take it but into plain files: `concurrency` consumers pull artefacts at once. */
export async function dump(
  settings: ReturnType<typeof settingsFor>,
  options: DumpOptions & {
    concurrency?: number
    signal?: AbortSignal
    /** Called before an artefact is read. */
    before?: (artefact: StagedArtefact, session: Session) => Promise<void>
    /** Called for each chunk of rows. */
    onChunk?: (artefact: StagedArtefact) => Promise<void>
  } = {},
): Promise<Dumped> {
  const signal = options.signal ?? new AbortController().signal
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-dump-'))
  const warnings: string[] = []
  const steps: number[] = []
  const concurrency = options.concurrency ?? 2
  const inventory = await mysql.inspect(settings, signal)
  const plan = mysql.plan('full', inventory, { data: null, log: null })
  const session = await begin(
    settings,
    {
      signal,
      concurrency,
      kept: new Map(),
      scratch: join(directory, '.scratch'),
      undo: join(directory, '.undo'),
      step: number => steps.push(number),
      warn: (code, message) => warnings.push(`${code}: ${message}`),
      written: () => {},
      now: () => new Date(),
    },
    options,
  )
  let outcome: 'succeeded' | 'failed' = 'failed'
  try {
    const { before } = options
    const { units, files } = await stage(
      session,
      concurrency,
      { directory },
      { ...options, before: before && (artefact => before(artefact, session)) },
    )
    outcome = 'succeeded'
    return {
      directory,
      units,
      warnings,
      steps,
      input: {
        directory,
        at: null,
        snapshots: [{ snapshot: `${newUlid()}.${newUlid()}`, kind: 'full', units, engineVersion: plan.engineVersion }],
        files,
      },
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  } finally {
    await session.close(outcome)
  }
}

/** As `failsafe restore --apply` would load it. */
export async function applyTo(
  target: { port: number },
  dumped: Dumped,
  options: { user?: string; password?: string; query?: string; signal?: AbortSignal } = {},
): Promise<RestoreReport & { warnings: string[] }> {
  const warnings: string[] = []
  const password = options.password ? `:${options.password}` : ''
  const report = await mysql.restore(
    {
      ...dumped.input,
      apply: { target: `mysql://${options.user ?? 'root'}${password}@127.0.0.1:${target.port}?${options.query ?? ''}` },
    },
    {
      signal: options.signal ?? new AbortController().signal,
      concurrency: 3,
      warn: (code, message) => warnings.push(`${code}: ${message}`),
      progress: () => {},
      now: () => new Date(),
    },
  )
  return { ...report, warnings }
}

/** The files that hold SQL. */
export function scriptsOf(dumped: Dumped): Dumped['input']['files'] {
  return dumped.input.files.filter(({ name }) => name !== 'metadata')
}

/** As somebody without this product would: the stock client reads the files in order. */
export async function loadWithClient(target: Database, dumped: Dumped, scripts = scriptsOf(dumped)): Promise<void> {
  const client = spawn(
    'mariadb',
    [
      '--no-defaults',
      `--socket=${target.socket}`,
      '--user=root',
      '--binary-mode',
      '--comments',
      '--default-character-set=utf8mb4',
      '--max-allowed-packet=1G',
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  )
  let stderr = ''
  client.stderr.setEncoding('utf8').on('data', chunk => {
    stderr += chunk
  })
  const ended = new Promise<number | null>(resolve => client.once('close', resolve))
  async function* files() {
    for (const { name } of scripts) yield* createReadStream(join(dumped.directory, name))
  }
  await pipeline(files, client.stdin).catch(() => {}) // the client ended early: its exit code says why
  if ((await ended) !== 0) throw new Error(stderr)
}

/** What a promise is rejected with; a Failure as the one line a person would see. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return error instanceof Failure ? `${error.code}: ${error.line}` : String(error)
  }
  return 'it did not fail'
}
