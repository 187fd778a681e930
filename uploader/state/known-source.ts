import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AgentId, SourceId } from '../../shared/ids.ts'
import { LaneHeads } from '../../shared/snapshot.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { writeDurably } from '../files/write.ts'

const Known = z.object({
  format: z.literal('failsafe.source/1'),
  agent: AgentId,
  /** SHA-256 of what the receiver was told of the source, and when. */
  registration: z.string(),
  registeredAt: z.iso.datetime(),
  source: SourceId,
  heads: LaneHeads,
})

export interface KnownSource {
  source: SourceId
  heads: LaneHeads
  registeredAt: string
}

/** A source is registered anew after this many milliseconds, whatever is known of it. */
const registeredFor = 86_400_000

/**
 * How the last run of a source left it at the receiver, so that the next one need not ask: a small log run is three calls then. It may be out of date, which the
 * answer to the first of them tells.
 */
export class KnownSourceFile {
  readonly #directory: string
  readonly #path: string
  readonly #agent: AgentId
  readonly #registration: string

  /** @param request what the receiver is told of the source */
  constructor(stateDirectory: string, agent: AgentId, name: string, request: unknown) {
    this.#directory = join(stateDirectory, 'sources')
    this.#path = join(this.#directory, `${sha256(name).slice(0, 32)}.json`)
    this.#agent = agent
    this.#registration = sha256(JSON.stringify([name, request]))
  }

  /** Undefined where the receiver has to be asked: nothing is known, it is a day old, of another agent, or damaged. */
  async read(now: Date): Promise<KnownSource | undefined> {
    const known = await this.#parsed()
    if (known?.agent !== this.#agent || known.registration !== this.#registration) return undefined
    const age = now.getTime() - Date.parse(known.registeredAt)
    return age >= 0 && age < registeredFor ? known : undefined
  }

  async write({ source, heads, registeredAt }: KnownSource): Promise<void> {
    await makeDirectory(this.#directory, 0o700)
    const known: z.infer<typeof Known> = {
      format: 'failsafe.source/1',
      agent: this.#agent,
      registration: this.#registration,
      registeredAt,
      source,
      heads,
    }
    await writeDurably(this.#path, `${JSON.stringify(known)}\n`)
  }

  async #parsed(): Promise<z.infer<typeof Known> | undefined> {
    try {
      return Known.parse(JSON.parse(await readFile(this.#path, 'utf8')))
    } catch {
      return undefined
    }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
