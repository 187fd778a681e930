import { message } from '../model/messages.ts'
import type { Execution } from './execution.ts'

/** Tells how far a BACKUP or a RESTORE is, and lets faults and other connections have their turn. */
export class Progress {
  readonly #execution: Execution
  readonly #stats: number | null
  readonly #total: number
  #told = 0

  /** @param stats percent between two messages; null for none. @param total bytes */
  constructor(execution: Execution, stats: number | null, total: number) {
    this.#execution = execution
    this.#stats = stats
    this.#total = total
  }

  async at(bytes: number): Promise<void> {
    const percent = this.#total === 0 ? 100 : Math.min(100, (bytes / this.#total) * 100)
    while (this.#stats !== null && this.#told + this.#stats <= percent) {
      this.#told += this.#stats
      this.#execution.output.message(message(3211, this.#told))
    }
    await this.#execution.progress(percent)
  }

  async end(): Promise<void> {
    await this.at(this.#total)
    if (this.#stats !== null && this.#told < 100) this.#execution.output.message(message(3211, 100))
    this.#told = 100
  }
}
