import type { Writable } from 'node:stream'
import type { Failure } from '../../shared/failure.ts'
import { exitCodeOf } from '../exit.ts'
import { cadence } from './cadence.ts'
import type { Reporter, Summary } from './reporter.ts'

type Event = Parameters<Reporter['progress']>[0]

/** One JSON object per line on `out`, each with a `type`; the last is `summary` or `error`. */
export class JsonReporter implements Reporter {
  readonly #out: Writable
  readonly #due: () => boolean

  /** @param now milliseconds of any steady clock */
  constructor(out: Writable, now: () => number = () => performance.now()) {
    this.#out = out
    this.#due = cadence(1000, now)
  }

  plan(plan: Parameters<Reporter['plan']>[0]): void {
    this.#write({ type: 'plan', ...plan })
  }

  step(number: number, text: string): void {
    this.#write({ type: 'progress', step: number, text })
  }

  progress({ label, done, total }: Event): void {
    if (this.#due()) this.#write({ type: 'progress', label, done, total })
  }

  warning(code: string, message: string): void {
    this.#write({ type: 'warning', code, message })
  }

  summary({ json }: Summary): void {
    this.#write({ type: 'summary', ...json })
  }

  error(failure: Failure): void {
    const { code, message, why, fix, retriable } = failure
    this.#write({ type: 'error', code, message, why, fix, retriable, exit: exitCodeOf(failure) })
  }

  #write(event: { type: string; [key: string]: unknown }): void {
    this.#out.write(`${JSON.stringify(event)}\n`)
  }
}
