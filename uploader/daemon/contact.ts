import { Failure, messageOf } from '../../shared/failure.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { LaneHeads } from '../../shared/snapshot.ts'
import type { SourceConfig } from '../config/load.ts'
import type { Log } from '../log/log.ts'
import type { Receiver } from '../receiver/receiver.ts'
import type { Received } from '../schedule/memory.ts'
import { toldOf } from '../schedule/timetable.ts'

type Called = Pick<Receiver, 'registerSource' | 'heads' | 'sources'>

/**
 * The daemon's own word with the receiver: what runs are to be expected, that somebody is there, and what has been received. A receiver that is away
 * keeps nothing from being started: a run knows best how long to wait for it.
 */
export class Contact {
  readonly #reach: () => Promise<Called>
  readonly #log: Log
  readonly #now: () => Date
  readonly #end: AbortSignal
  at: Date | undefined
  problem: string | undefined
  /** Sources that the receiver has not been told of. */
  #untold: readonly SourceConfig[] = []

  /**
   * @param reach the receiver by the configuration and the key of now
   * @param end aborted when nobody waits for an answer any more
   */
  constructor(reach: () => Promise<Called>, { log, now, end }: { log: Log; now: () => Date; end: AbortSignal }) {
    this.#end = end
    this.#reach = reach
    this.#log = log
    this.#now = now
  }

  /** Tells of every source that has a schedule, so that its absence is noticed even if it never runs. What cannot be told now goes with the next `beat`. */
  async announce(sources: Iterable<SourceConfig>): Promise<void> {
    this.#untold = [...sources].filter(({ schedule }) => schedule)
    await this.#through(receiver => this.#tell(receiver))
  }

  /** A sign of life. */
  async beat(): Promise<void> {
    await this.#through(async receiver => {
      await receiver.sources()
      await this.#tell(receiver)
    })
  }

  async #tell(receiver: Called): Promise<void> {
    await forEach(this.#untold, async source => {
      await register(receiver, source)
      this.#untold = this.#untold.filter(other => other !== source)
    })
  }

  /** What the receiver has of each source, as far as it could be asked. */
  async received(sources: Iterable<SourceConfig>): Promise<Map<string, Received>> {
    const received = new Map<string, Received>()
    await this.#through(async receiver => {
      await forEach(sources, async source => {
        const heads = await receiver.heads((await register(receiver, source)).source)
        received.set(source.name, receivedIn(heads))
      })
    })
    return received
  }

  /** Told once when it stops and once when it goes on again, as it may be away for days. */
  async #through<T>(work: (receiver: Called) => Promise<T>): Promise<T | undefined> {
    try {
      const done = await work(await this.#reach())
      if (this.problem !== undefined) this.#log.info('The receiver answers again')
      this.problem = undefined
      this.at = this.#now()
      return done
    } catch (error) {
      if (this.#end.aborted) return undefined
      const problem = error instanceof Failure ? error.line : messageOf(error)
      if (this.problem === undefined) this.#log.warning(`No word with the receiver: ${problem}`)
      this.problem = problem
      return undefined
    }
  }
}

/** A source that is refused stands in the way of none after it. @throws the first refusal at the end, and at once what would meet every other, too */
async function forEach(sources: Iterable<SourceConfig>, work: (source: SourceConfig) => Promise<void>): Promise<void> {
  const refusals: ProblemError[] = []
  for (const source of sources)
    await work(source).catch(error => {
      if (!(error instanceof ProblemError) || error.retriable || error.status === 401 || error.status === 403)
        throw error
      refusals.push(error)
    })
  if (refusals[0]) throw refusals[0]
}

function register(receiver: Called, { name, engine, schedule }: SourceConfig) {
  return receiver.registerSource(name, { engine, ...toldOf(schedule) })
}

/** A full does for a differential, and either for a log. */
function receivedIn({ data, log }: LaneHeads): Received {
  const newest = [data?.receivedAt, log?.receivedAt].filter(at => at !== undefined).sort()
  return {
    ...(data?.kind === 'full' ? { full: data.receivedAt } : {}),
    ...(data ? { differential: data.receivedAt } : {}),
    ...(newest.length > 0 ? { log: newest.at(-1)! } : {}),
  }
}
