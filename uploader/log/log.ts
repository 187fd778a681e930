import { messageOf } from '../../shared/failure.ts'

export type Level = 'info' | 'warning' | 'error'

export interface Entry {
  time: string
  level: Level
  message: string
  [field: string]: unknown
}

/** Where entries go. May throw: the others get theirs all the same. */
export type Sink = (entry: Entry) => void

/**
 * What the daemon says of itself and its runs, to each of its sinks. Never throws: a disk that is full must not keep a backup from being made.
 * What it could not write is `problem`, until it can again.
 */
export class Log {
  readonly #sinks: readonly Sink[]
  readonly #redact: <T>(value: T) => T
  readonly #now: () => Date
  problem: string | undefined

  constructor(sinks: readonly Sink[], redact: <T>(value: T) => T, now: () => Date) {
    this.#sinks = sinks
    this.#redact = redact
    this.#now = now
  }

  info(message: string, fields: Record<string, unknown> = {}): void {
    this.#write('info', message, fields)
  }

  warning(message: string, fields: Record<string, unknown> = {}): void {
    this.#write('warning', message, fields)
  }

  error(message: string, fields: Record<string, unknown> = {}): void {
    this.#write('error', message, fields)
  }

  #write(level: Level, message: string, fields: Record<string, unknown>): void {
    const entry = this.#redact({ time: this.#now().toISOString(), level, message, ...fields })
    let problem: string | undefined
    for (const sink of this.#sinks)
      try {
        sink(entry)
      } catch (error) {
        problem = messageOf(error)
      }
    this.problem = problem
  }
}
