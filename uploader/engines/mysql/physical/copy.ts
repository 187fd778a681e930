import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext } from '../../engine.ts'
import { Child } from './child.ts'
import { explainEnd } from './explain.ts'
import { newOutput } from './output.ts'
import { parseNotes, type Result, readNotes } from './result.ts'

export interface CopyOptions {
  program: string
  args: string[]
  /** Where the program writes what it says of the backup. */
  directory: string
  context: Pick<BackupContext, 'signal' | 'step' | 'warn' | 'now'>
  /** The server's clock. */
  serverTime(): Promise<string>
  /** What was backed up. @param time of the moment that all copied files lead to */
  entryOf(result: Result, time: string): Promise<UnitEntry>
}

export interface Finished {
  entry: UnitEntry
  notes: { name: string; content: Buffer }[]
}

/** Lines of the programs: commits are kept off from here, MariaDB's stages first, then what is older and MySQL's, and let go of there. */
const locked = /Acquired locks for BACKUP STAGE BLOCK_COMMIT|Executing FLUSH TABLES WITH READ LOCK|log_status/
const unlocked = /All tables unlocked|Executing UNLOCK (?:TABLES|INSTANCE)/
const completed = /completed OK!/

/** Longer than this nobody should have to wait for a commit. */
const longWait = 10_000

/**
 * One run of the program, from its start to the proof that it completed. Whoever reads is slower than the disk, so the program waits for its reader;
 * it is killed with all that belongs to it when the reader goes away, or the run is stopped. The server then lets go of what its
 * connections held.
 */
export class Copy {
  /** What is known once all was read. Rejects where the copy is not complete, whoever waits for it. */
  readonly finished: Promise<Finished>
  readonly #options: CopyOptions
  readonly #settle: { resolve(finished: Finished): void; reject(error: unknown): void }
  #time: Promise<string> | undefined
  #lockedAt: number | undefined
  #completed = false

  constructor(options: CopyOptions) {
    const { promise, ...settle } = Promise.withResolvers<Finished>()
    this.#options = options
    this.#settle = settle
    this.finished = promise
    // It may break before anybody waits for it.
    promise.catch(() => {})
    const { signal } = options.context
    signal.addEventListener('abort', () => settle.reject(signal.reason), { once: true })
  }

  /** Once. A chunk is valid until the next is asked for. */
  async *read(): AsyncGenerator<Buffer> {
    const { program, args, directory, context } = this.#options
    const { signal, step } = context
    signal.throwIfAborted()
    step(2)
    const output = await newOutput(directory).catch(error => {
      this.#settle.reject(error)
      throw error
    })
    const child = new Child(program, args, { output, onLine: line => this.#hear(line) })
    const kill = () => child.kill()
    signal.addEventListener('abort', kill, { once: true })
    try {
      yield* child.read()
      const ended = await child.ended
      signal.throwIfAborted()
      if (ended.by !== 0 || !this.#completed) throw explainEnd(program, ended)
      step(4)
      const notes = await readNotes(directory)
      const entry = await this.#options.entryOf(parseNotes(notes), await this.#moment())
      this.#settle.resolve({ entry, notes })
    } catch (error) {
      const cause = signal.aborted ? signal.reason : error
      this.#settle.reject(cause)
      throw cause
    } finally {
      signal.removeEventListener('abort', kill)
      child.kill()
      await child.ended.catch(() => {}) // it could not be started: said above
      this.#settle.reject(new Error('nobody reads the copy any more'))
    }
  }

  /** When commits were kept off; where the server could not be asked then, now: that is later, and the position is exact in any case. */
  async #moment(): Promise<string> {
    const time = await this.#time?.catch(() => undefined)
    return time ?? this.#options.serverTime()
  }

  #hear(line: string): void {
    const { context, serverTime } = this.#options
    if (completed.test(line)) this.#completed = true
    if (locked.test(line) && this.#time === undefined) {
      context.step(3)
      this.#lockedAt = context.now().getTime()
      this.#time = serverTime()
      // It is waited for at the end.
      this.#time.catch(() => {})
    }
    if (unlocked.test(line) && this.#lockedAt !== undefined) {
      const waited = context.now().getTime() - this.#lockedAt
      this.#lockedAt = undefined
      if (waited > longWait)
        context.warn(
          'commits-waited',
          `commits waited ${Math.round(waited / 1000)} s for the end of the copy, which was waiting for the upload: a larger staging.maxBytes lets it go on`,
        )
    }
  }
}
