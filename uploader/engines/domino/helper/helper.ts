import { type ChildProcess, spawn } from 'node:child_process'
import { ownCommand } from '../../../own-command.ts'
import type { Instance } from '../place/instance.ts'
import { CallFailed, HelperLost } from './call-failed.ts'
import { environmentFor } from './environment.ts'
import type { Answer, Call, Calls, Request } from './protocol.ts'
import type { Identity } from './user.ts'
import { helperVerb } from './verb.ts'

export interface HelperOptions {
  /** Of this program, for whom it is not the process that runs. */
  command?: readonly string[]
  /** Milliseconds without a word, after which the helper is given up. */
  silence?: number
  /** As whom it is started, for whoever may be root. */
  identity?: (user: string | undefined) => Promise<Identity | undefined>
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
  onBytes: ((bytes: number) => void) | undefined
  silence: number
}

const longestSilence = 15 * 60_000
/** How long it may take over its end: it may be in the middle of a copy. */
const endTime = 30_000
const tailKept = 2000

/** The process that speaks with Domino. One call after the other, in the order in which they are made. */
export class Helper {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #silence: number
  readonly #over: Promise<void>
  #ids = 0
  #lost: HelperLost | undefined
  #said = ''
  #timer: NodeJS.Timeout | undefined

  private constructor(process: ChildProcess, silence: number) {
    this.#process = process
    this.#silence = silence
    const listen = (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-tailKept)
    }
    process.stdout!.on('data', listen)
    process.stderr!.on('data', listen)
    process.on('message', (answer: Answer) => this.#hear(answer))
    // A message to a process that is just gone: its end is told anyhow.
    process.on('error', error => this.#lose(`it cannot be reached: ${error.message}`))
    this.#over = new Promise(resolve => {
      process.once('close', (code, signal) => {
        this.#lose(signal === null ? `it ended with ${code}` : `it was killed by ${signal}`)
        resolve()
      })
      process.once('error', () => process.pid === undefined && resolve())
    })
  }

  static start(instance: Instance, identity: Identity | undefined, options: HelperOptions = {}): Helper {
    const { command = ownCommand(), silence = longestSilence } = options
    const [program, ...parameters] = command
    const child = spawn(program!, [...parameters, helperVerb], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      cwd: instance.data,
      env: environmentFor(instance, process.env),
      windowsHide: true,
      // Where we are killed, Windows would end it at once: it has to give back what it holds of Domino's.
      detached: process.platform === 'win32',
      ...identity,
    })
    return new Helper(child, silence)
  }

  /** @throws CallFailed, HelperLost. An abort cancels a copy that is under way, and of any other call only the waiting */
  async ask<C extends Call>(
    call: C,
    parameters: Calls[C]['parameters'],
    options: { signal?: AbortSignal; onBytes?: (bytes: number) => void; silence?: number } = {},
  ): Promise<Calls[C]['result']> {
    const { signal, onBytes, silence = this.#silence } = options
    signal?.throwIfAborted()
    if (this.#lost) throw this.#lost
    const id = ++this.#ids
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject, onBytes, silence })
    const cancel = () => {
      this.#send({ call: 'cancel', id })
      if (call !== 'copy') reject(signal!.reason)
    }
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      this.#send({ id, call, parameters } as Request)
      this.#watch()
      return (await promise) as Calls[C]['result']
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', cancel)
      this.#waiting.delete(id)
      this.#watch()
    }
  }

  /** Has it release all and end; one that does not is killed. */
  async end(): Promise<void> {
    if (!this.#lost) this.#send({ call: 'end' })
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), endTime)
    await this.#over
    clearTimeout(timer)
    clearTimeout(this.#timer)
  }

  #send(request: Request): void {
    if (this.#process.connected) this.#process.send(request, () => {})
  }

  #hear(answer: Answer): void {
    this.#watch()
    const waiting = this.#waiting.get(answer.id)
    if (!waiting) return
    if ('bytes' in answer) waiting.onBytes?.(answer.bytes)
    else if ('failed' in answer) {
      const { message, notes, code, missing } = answer.failed
      waiting.reject(new CallFailed(message, { status: notes?.status, code, missing }))
    } else waiting.resolve(answer.result)
  }

  /** As long as something is asked, it has to be heard of. */
  #watch(): void {
    clearTimeout(this.#timer)
    if (this.#waiting.size === 0 || this.#lost) return
    const silence = Math.min(...[...this.#waiting.values()].map(waiting => waiting.silence))
    this.#timer = setTimeout(() => {
      this.#lose(`it said nothing for ${Math.round(silence / 1000)} seconds`)
      this.#process.kill('SIGKILL')
    }, silence)
    this.#timer.unref()
  }

  #lose(why: string): void {
    if (this.#lost) return
    const said = this.#said.trim()
    this.#lost = new HelperLost(said === '' ? why : `${why}; it had said: ${said.slice(-500)}`)
    clearTimeout(this.#timer)
    for (const { reject } of this.#waiting.values()) reject(this.#lost)
  }
}
