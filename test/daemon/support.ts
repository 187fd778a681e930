import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import { Book } from '../../uploader/daemon/book.ts'
import { Configuration } from '../../uploader/daemon/configuration.ts'
import { Contact } from '../../uploader/daemon/contact.ts'
import { Daemon } from '../../uploader/daemon/daemon.ts'
import { loadMemories } from '../../uploader/daemon/memory-file.ts'
import { neverRan, type RunChild, type RunReport } from '../../uploader/daemon/run-child.ts'
import { Runs } from '../../uploader/daemon/runs.ts'
import { type Entry, Log } from '../../uploader/log/log.ts'
import type { temporaryDirectory } from '../uploader/directory.ts'

export interface Launch {
  source: string
  kind: SnapshotKind
  at: Date
  /** Ends the run. */
  end(report: Partial<RunReport>): void
  killed: NodeJS.Signals[]
}

export const done = (kind: SnapshotKind): Partial<RunReport> => ({
  exit: 0,
  result: { type: 'summary', kind, snapshot: 'S.N', seconds: 1, bytes: { sent: 1 } },
})
export const failed = (exit: number, code: string, retriable = false): Partial<RunReport> => ({
  exit,
  result: { type: 'error', code, message: 'It failed', retriable },
})

export interface TestDaemon {
  daemon: Daemon
  launches: Launch[]
  entries: Entry[]
  messages(): string[]
  /** Calls of the receiver, by name. */
  calls: string[]
  /** Waits until there have been so many launches. */
  launched(count: number): Promise<Launch>
  passes(minutes: number): Promise<void>
  stop(): Promise<{ done: number; failed: number }>
}

/**
 * The daemon in a world where time flies, with runs that end when the test says so.
 * @param world a minute of the daemon's takes 0.3 s of ours, unless `speed` is another; `heads` is what the receiver has of every source; an error, where it is away
 */
export async function startTestDaemon(
  state: Awaited<ReturnType<typeof temporaryDirectory>>,
  world: { now: string; speed?: number; config: string[]; heads?: () => unknown; onLaunch?: (launch: Launch) => void },
): Promise<TestDaemon> {
  const path = state.in('failsafe.yaml')
  await writeFile(path, [`state: { dir: ${state.path} }`, ...world.config].join('\n'), { mode: 0o600 })
  const { speed = 200 } = world
  const base = Date.parse(world.now)
  let started: number | undefined
  const now = () => new Date(base + (started === undefined ? 0 : Math.floor((performance.now() - started) * speed)))
  const clock = {
    now,
    elapsed: () => now().getTime(),
    random: Math.random,
    sleep: (milliseconds: number, signal: AbortSignal) => delay(milliseconds / speed, undefined, { signal }),
  }
  const entries: Entry[] = []
  const log = new Log([entry => void entries.push(entry)], value => value, now)
  const calls: string[] = []
  const heads = world.heads ?? (() => ({ data: null, log: null }))
  const receiver: any = new Proxy(
    {},
    {
      get: (_target, name) =>
        name === 'then'
          ? undefined
          : async () => {
              calls.push(String(name))
              const answer = heads()
              return name === 'registerSource' ? { source: 'S' } : name === 'sources' ? { sources: [] } : answer
            },
    },
  )
  const end = new AbortController()
  const configuration = await Configuration.open(path, { env: {}, platform: 'linux', now })
  const contact = new Contact(async () => receiver, { log, now, end: end.signal })
  const { memories } = await loadMemories(state.path)
  const book = new Book(configuration.current, 'acme.A', { memories, onProblem: text => log.error(text) })
  const launches: Launch[] = []
  const launch = (source: string, kind: SnapshotKind): RunChild => {
    const ended = Promise.withResolvers<RunReport>()
    const killed: NodeJS.Signals[] = []
    const end = (report: Partial<RunReport>) => ended.resolve({ ...neverRan(), ...report })
    const each = { source, kind, at: now(), end, killed }
    launches.push(each)
    world.onLaunch?.(each)
    return {
      pid: 999_999,
      ended: ended.promise,
      kill(signal) {
        killed.push(signal)
        if (signal === 'SIGKILL') end({ signal })
      },
    }
  }
  const runs = new Runs(launch, { state: state.path, clock, log })
  started = performance.now()
  const daemon = new Daemon({ configuration, book, runs, contact, log, clock, version: '1', end })
  const running = daemon.run()
  return {
    daemon,
    launches,
    entries,
    calls,
    messages: () => entries.map(({ message }) => message),
    async launched(count) {
      for (let attempt = 0; attempt < 1000 && launches.length < count; attempt++) await delay(10)
      if (launches.length < count) throw new Error(`there were ${launches.length} launches: ${JSON.stringify(entries)}`)
      return launches[count - 1]!
    },
    passes: minutes => delay((minutes * 60_000) / speed),
    stop() {
      end.abort()
      return running
    },
  }
}

export async function memoryIn(state: { in(...names: string[]): string }): Promise<any> {
  return JSON.parse(await readFile(state.in('schedule.json'), 'utf8')).sources
}
