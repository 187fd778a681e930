import type { TimelineResponse } from '../../shared/api/restore.ts'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { SourceId } from '../../shared/ids.ts'
import type { Config } from '../config/load.ts'
import { ask } from '../control/ask.ts'
import { DaemonStatus, type RunStatus, type SourceStatus } from '../control/requests.ts'
import { loadMemories } from '../daemon/memory-file.ts'
import type { AgentState } from '../state/agent.ts'
import { isKitProven } from '../state/kit-proof.ts'
import { runsInFlight } from './runs.ts'
import { stagingUse } from './staging-use.ts'

/** How things stand on this host, as its own processes, its state and the receiver know. */
export interface Status {
  daemon: Omit<DaemonStatus, 'sources'> | null
  sources: (SourceStatus & {
    /** The backup that is going on. */
    run: RunStatus | null
    /** What the receiver has and knows; null where it could not be asked, or knows nothing of it. */
    received: { snapshot: string; kind: string; receivedAt: string } | null
    lastRun: TimelineResponse['runs'][number] | null
  })[]
  staging: { dir: string; bytes: number; maxBytes: number }
  /** Why the receiver could not be asked. */
  receiver: { problem: string | null }
  /** Whether the recovery kit has opened a snapshot once; null: not known. */
  kitProven: boolean | null
}

/** What of the receiver is asked. */
export interface Asked {
  sources(): Promise<{ sources: { source: SourceId; name: string }[] }>
  timeline(source: SourceId, page: { limit: number }): Promise<TimelineResponse>
}

export async function gatherStatus(config: Config, agent: AgentState, receiver: Asked): Promise<Status> {
  const state = config.state.dir
  const daemon = (await ask(state, 'daemon', { ask: 'status' }, DaemonStatus)) ?? null
  const runs = await runsInFlight(state)
  const { timelines, problem } = await timelinesOf(receiver)
  const proven = (await isKitProven(state, agent)) || [...timelines.values()].some(isOpened)
  const { dir, maxBytes } = config.staging
  const { sources, ...about } = daemon ?? { sources: await withoutDaemon(config) }
  return {
    daemon: daemon && (about as Omit<DaemonStatus, 'sources'>),
    sources: sources.map(source => {
      const { snapshots: [snapshot] = [], runs: [lastRun] = [] } = timelines.get(source.source) ?? {}
      return {
        ...source,
        run: runs.find(run => run.source === source.source) ?? null,
        received: snapshot
          ? { snapshot: snapshot.snapshot, kind: snapshot.kind, receivedAt: snapshot.receivedAt }
          : null,
        lastRun: lastRun ?? null,
      }
    }),
    staging: { dir, bytes: await stagingUse(dir), maxBytes },
    receiver: { problem: problem ?? null },
    kitProven: proven || (problem === undefined ? false : null),
  }
}

/** Nothing starts by itself then; what the last daemon remembered is still worth something. */
async function withoutDaemon({ sources, state }: Config): Promise<SourceStatus[]> {
  const { memories } = await loadMemories(state.dir)
  return [...sources.values()].map(({ name, engine }) => ({
    source: name,
    engine,
    next: [],
    owed: [],
    last: memories.get(name)?.last ?? null,
  }))
}

async function timelinesOf(
  receiver: Asked,
): Promise<{ timelines: Map<string, TimelineResponse>; problem: string | undefined }> {
  const timelines = new Map<string, TimelineResponse>()
  try {
    for (const { source, name } of (await receiver.sources()).sources)
      timelines.set(name, await receiver.timeline(source, { limit: 50 }))
    return { timelines, problem: undefined }
  } catch (error) {
    return { timelines, problem: error instanceof Failure ? error.line : messageOf(error) }
  }
}

function isOpened({ snapshots }: TimelineResponse): boolean {
  return snapshots.some(({ proof }) => proof?.outcome === 'passed' && proof.level !== 'stored')
}
