import type { Table } from '../../lambdas/catalogue/table.ts'
import type { CommitVault } from '../../lambdas/commit/ports.ts'

export class Died extends Error {
  constructor(step: string) {
    super(`died at ${step}`)
  }
}

/** Counts the calls that go to catalogue and vault, and dies at one of them: before it is done, or after, so that its answer is lost. */
export class Death {
  /** Every call that was made, by name. */
  readonly calls: string[] = []
  /** What it died at, once it has. */
  step: string | undefined
  readonly #at: number
  readonly #when: 'before' | 'after'

  constructor(at: number, when: 'before' | 'after') {
    this.#at = at
    this.#when = when
  }

  table = (table: Table): Table => {
    const death = this
    const documents = new Proxy(table.documents, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return (command: { constructor: { name: string } }) =>
          death.#call(command.constructor.name, () => target.send(command as never))
      },
    })
    return { ...table, documents }
  }

  vault = (vault: CommitVault): CommitVault => {
    const wrapped: Record<string, unknown> = {}
    for (const [name, work] of Object.entries(vault))
      wrapped[name] = (...parameters: unknown[]) => this.#call(name, () => work(...parameters))
    return wrapped as unknown as CommitVault
  }

  async #call<T>(step: string, work: () => Promise<T>): Promise<T> {
    if (this.step !== undefined) throw new Died(this.step) // a dead process does nothing more
    this.calls.push(step)
    if (this.calls.length !== this.#at) return work()
    if (this.#when === 'after') await work().catch(() => {}) // also a refusal is an answer that is lost
    this.step = `${this.#at}: ${step}, ${this.#when}`
    throw new Died(this.step)
  }
}
