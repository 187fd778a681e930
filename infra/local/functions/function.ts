import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { Worker } from 'node:worker_threads'
import type { Answer, FunctionIdentity, Invocation } from './message.ts'

export interface FunctionOptions extends FunctionIdentity {
  environment: Record<string, string>
  /** Seconds an invocation may take. */
  timeout: number
  logFile: string
  /** Whether its role may write to its log: what it prints is lost otherwise, as in AWS. */
  mayLog: () => boolean
  /** The cloud's clock, where it is not the machine's. */
  now?: (() => Date) | undefined
}

/** How an invocation can fail, as the gateway has to tell its caller. */
export class InvocationError extends Error {
  readonly kind: 'failed' | 'timeout'
  constructor(kind: 'failed' | 'timeout', message: string) {
    super(message)
    this.name = 'InvocationError'
    this.kind = kind
  }
}

interface Pending {
  resolve(result: unknown): void
  reject(error: InvocationError): void
  timer: NodeJS.Timeout
}

interface Thread {
  worker: Worker
  pending: Map<number, Pending>
}

/**
 * One function of the stack: a thread that is started by the first invocation (as a cold start is) and replaced after a crash or a
 * time-out. Invocations run side by side in it.
 */
export class HostedFunction {
  readonly #options: FunctionOptions
  readonly #log: WriteStream
  #thread: Thread | undefined
  #sequence = 0
  /** Threads that ran into a time-out: they get no new work and end with their last invocation. */
  readonly #retired = new Set<Thread>()

  constructor(options: FunctionOptions) {
    this.#options = options
    this.#log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 })
  }

  /** @throws InvocationError if the handler throws, the thread ends or the time is up */
  invoke(event: unknown): Promise<unknown> {
    this.#thread ??= this.#start()
    const thread = this.#thread
    const id = ++this.#sequence
    const { timeout, name, now } = this.#options
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        thread.pending.delete(id)
        reject(new InvocationError('timeout', `${name} timed out after ${timeout} seconds`))
        this.#retire(thread)
      }, timeout * 1000)
      thread.pending.set(id, { resolve, reject, timer })
      const real = Date.now()
      const invocation: Invocation = {
        id,
        event,
        requestId: randomUUID(),
        deadline: real + timeout * 1000,
        clockOffset: now ? now().getTime() - real : 0,
      }
      thread.worker.postMessage(invocation)
    })
  }

  async close(): Promise<void> {
    const threads = [...this.#retired, ...(this.#thread ? [this.#thread] : [])]
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
    this.#log.end()
    await once(this.#log, 'close')
  }

  #start(): Thread {
    const { environment, logFile: _file, now: _now, mayLog, timeout: _timeout, ...identity } = this.#options
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: identity,
      env: environment,
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: identity.memory },
    })
    const thread: Thread = { worker, pending: new Map() }
    for (const printed of [worker.stdout, worker.stderr])
      printed
        .pipe(new Transform({ transform: (text, _, done) => done(null, mayLog() ? text : undefined) }))
        .pipe(this.#log, { end: false })
    worker.on('message', (answer: Answer) => this.#settle(thread, answer))
    worker.on('error', error => this.#lost(thread, error.stack ?? error.message))
    worker.on('exit', code => this.#lost(thread, `the thread ended with exit code ${code}`))
    return thread
  }

  #settle(thread: Thread, answer: Answer): void {
    const pending = thread.pending.get(answer.id)
    if (!pending) return // its time was up
    thread.pending.delete(answer.id)
    clearTimeout(pending.timer)
    if ('error' in answer)
      pending.reject(new InvocationError('failed', `${answer.error.name}: ${answer.error.message}`))
    else pending.resolve(answer.result)
    if (this.#retired.has(thread)) this.#retire(thread)
  }

  #lost(thread: Thread, reason: string): void {
    if (this.#thread === thread) this.#thread = undefined
    this.#retired.delete(thread)
    if (thread.pending.size > 0) this.#log.write(`${reason}\n`)
    for (const { reject, timer } of thread.pending.values()) {
      clearTimeout(timer)
      reject(new InvocationError('failed', `${this.#options.name} crashed: ${reason}`))
    }
    thread.pending.clear()
  }

  #retire(thread: Thread): void {
    if (this.#thread === thread) this.#thread = undefined
    this.#retired.add(thread)
    if (thread.pending.size === 0) void thread.worker.terminate()
  }
}
