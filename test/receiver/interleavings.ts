import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import type { Table } from '../../lambdas/catalogue/table.ts'
import type { CommitVault } from '../../lambdas/commit/ports.ts'
import { Died } from './faults.ts'

/** Numbers from 0 up to 1, the same ones for the same seed. */
export type Random = () => number

export const chance = (random: Random, share: number) => random() < share
export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!

/** One invocation of a function: it may die at one of its calls, and an SDK inside may send one of them twice because it lost the answer. */
interface Invocation {
  actor: string
  calls: number
  diesAt: number
  diesAfter: boolean
  repeatsAt: number
  dead: string | undefined
}

/**
 * Lets several actors run at once, and their invocations' calls to catalogue and vault happen one at a time, in an order that `random` decides:
 *
 *   actor 1   call ┄┄┄┄▶ done      call ┄▶ done
 *   actor 2        call ┄┄┄┄┄▶ done            call ┄▶ died
 *                       one at a time, whichever is drawn
 */
export class Interleaver {
  /** Called after each call that was made, before anything else happens. */
  afterStep: (call: string) => Promise<void> = async () => {}
  readonly faults: Record<'died' | 'repeated', number> = { died: 0, repeated: 0 }
  /** How likely an invocation is to have a fault. */
  faultShare = 0.3
  readonly #random: Random
  readonly #context = new AsyncLocalStorage<Invocation>()
  #waiting: { actor: string; go: () => Promise<void> }[] = []
  #wake = () => {}

  constructor(random: Random) {
    this.#random = random
  }

  /** What `actor` asks of a function, as one invocation. */
  invoke<T>(actor: string, work: () => Promise<T>): Promise<{ answer: T; died: boolean }> {
    const at = () => 1 + Math.floor(this.#random() * 25)
    const faulty = chance(this.#random, this.faultShare)
    const invocation: Invocation = {
      actor,
      calls: 0,
      diesAt: faulty && chance(this.#random, 0.7) ? at() : 0,
      diesAfter: chance(this.#random, 0.5),
      repeatsAt: faulty ? at() : 0,
      dead: undefined,
    }
    return this.#context.run(invocation, async () => {
      const answer = await work()
      return { answer, died: invocation.dead !== undefined }
    })
  }

  /** Runs the actors to their ends. */
  async drive(actors: Record<string, Promise<void>>): Promise<void> {
    const running = new Set(Object.keys(actors))
    const failures: unknown[] = []
    for (const [name, work] of Object.entries(actors))
      work
        .catch(error => failures.push(error))
        .finally(() => {
          running.delete(name)
          this.#wake()
        })
    while (running.size > 0) {
      const changed = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      if ([...running].some(name => !this.#waiting.some(({ actor }) => actor === name))) {
        await changed // somebody is on the way to its next call
        continue
      }
      const [next] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1)
      await next!.go()
    }
    if (failures.length > 0) throw failures[0]
  }

  table = (table: Table): Table => {
    const step = (command: object, send: () => Promise<unknown>) => this.#step(command.constructor.name, send)
    const documents = new Proxy(table.documents, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return (command: object) => {
          // as the SDK does, so that a transaction sent twice happens once
          if (command instanceof TransactWriteCommand) command.input.ClientRequestToken ??= randomUUID()
          return step(command, () => target.send(command as never))
        }
      },
    })
    return { ...table, documents }
  }

  vault = (vault: CommitVault): CommitVault => {
    const wrapped: Record<string, unknown> = {}
    for (const [name, work] of Object.entries(vault))
      wrapped[name] = (...parameters: unknown[]) => this.#step(name, () => work(...parameters))
    return wrapped as unknown as CommitVault
  }

  #step<T>(call: string, work: () => Promise<T>): Promise<T> {
    const invocation = this.#context.getStore()
    if (!invocation) return work()
    return new Promise<T>((resolve, reject) => {
      const go = async () => {
        try {
          resolve(await this.#make(invocation, call, work))
        } catch (error) {
          reject(error as Error)
        }
        await this.afterStep(call)
      }
      this.#waiting.push({ actor: invocation.actor, go })
      this.#wake()
    })
  }

  async #make<T>(invocation: Invocation, call: string, work: () => Promise<T>): Promise<T> {
    if (invocation.dead !== undefined) throw new Died(invocation.dead) // a dead process does nothing more
    invocation.calls += 1
    const { calls, diesAt, diesAfter, repeatsAt } = invocation
    if (calls === diesAt && !diesAfter) throw this.#die(invocation, call)
    if (calls === repeatsAt) {
      this.faults.repeated += 1
      await work()
    }
    const result = await work()
    if (calls === diesAt) throw this.#die(invocation, call)
    return result
  }

  #die(invocation: Invocation, call: string): Died {
    this.faults.died += 1
    invocation.dead = `${invocation.calls}: ${call}`
    return new Died(invocation.dead)
  }
}
