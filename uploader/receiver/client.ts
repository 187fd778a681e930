import { setTimeout as delay } from 'node:timers/promises'
import pRetry from 'p-retry'
import { z } from 'zod'
import { Failure } from '../../shared/failure.ts'
import { Problem, ProblemError } from '../../shared/problem.ts'
import type { Connections } from '../network/connections.ts'
import type { Authorise } from './authorisation.ts'
import { type Answer, send } from './send.ts'
import { unreachable } from './unreachable.ts'

export interface ClientOptions {
  /** The receiver's origin, e.g. `https://receiver.example.net`. */
  url: string
  authorise: Authorise
  connections: Connections
  signal: AbortSignal
  now: () => Date
  /** How long a receiver that has answered before may be away, in milliseconds. */
  patience: number
  /** How long one answer may take, in milliseconds; a minute if not given. */
  timeout?: number
  /** Called once in a call whose proof was not known: the host's key may have been changed meanwhile. `authorise` then uses the one of now. */
  refresh?: () => Promise<void>
}

/** A receiver that never answered is more likely a wrong address than an outage: nobody waits long for it. */
const firstPatience = 5_000
const answerTime = 60_000
/** At least so long a receiver may ask us to wait because too much is asked of it: a limit per minute is over within one. */
const throttlePatience = 2 * 60_000

/** One HTTP call after another to one receiver: signs, retries what can be retried, and turns refusals into ProblemErrors. */
export class ReceiverClient {
  readonly #options: ClientOptions
  /** Milliseconds to add to this machine's clock, learnt from the receiver. */
  #clockOffset = 0
  #answered = false

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /**
   * @param target path and query, exactly as sent
   * @throws ProblemError for a refusal; Failure `receiver-unreachable`, `receiver-untrusted` or `receiver-unclear`
   */
  async call<T>(method: string, target: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const { signal, patience, refresh } = this.#options
    const started = performance.now()
    let corrected = false
    let refreshed = false
    let throttled = 0
    return pRetry(() => this.#attempt(method, target, schema, body), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 300,
      maxTimeout: 15_000,
      randomize: true,
      signal,
      shouldRetry: async ({ error }) => {
        if (error instanceof ProblemError && error.code === 'clock-skew') {
          const again = !corrected && this.#learnClock(error)
          corrected = true
          return again
        }
        if (error instanceof ProblemError && error.code === 'proof-invalid' && refresh && !refreshed) {
          refreshed = true
          await refresh()
          return true
        }
        if (!(error instanceof Failure) || !error.retriable) return false
        const wait = retryAfter(error)
        if (error instanceof ProblemError && error.code === 'throttled') {
          throttled += Math.max(wait, 1000)
          if (throttled > Math.max(patience, throttlePatience)) return false
        } else if (performance.now() - started - throttled > (this.#answered ? patience : firstPatience)) return false
        await delay(wait, undefined, { signal })
        return true
      },
    })
  }

  async #attempt<T>(method: string, target: string, schema: z.ZodType<T>, body: unknown): Promise<T> {
    const { url, authorise, connections, signal, now, timeout = answerTime } = this.#options
    const address = new URL(url + target)
    const bytes = body === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body))
    const time = new Date(now().getTime() + this.#clockOffset)
    const headers: Record<string, string> = await authorise({ method, target, body: bytes }, time)
    if (body !== undefined) headers['content-type'] = 'application/json'
    const late = AbortSignal.timeout(timeout)
    let answer: Answer
    try {
      const stop = AbortSignal.any([signal, late])
      answer = await send(connections, address, { method, headers, body: bytes, signal: stop, timeout })
    } catch (cause) {
      signal.throwIfAborted()
      throw (await connections.failure(cause, address)) ?? unreachable(url, late.aborted ? timeout : undefined, cause)
    }
    const document = jsonOf(answer.text)
    if (answer.status < 200 || answer.status > 299) throw this.#refusal(answer, document)
    // Before a receiver that has answered already something may step in for a while: a portal, a balancer.
    if (document === undefined) throw new Unclear(url, 'its answer is no JSON', this.#answered, 0)
    const parsed = schema.safeParse(document)
    if (!parsed.success)
      throw new Unclear(url, 'its answer is not what this version understands', false, 0, parsed.error)
    this.#answered = true
    return parsed.data
  }

  #refusal({ status, headers }: Answer, document: unknown): Failure {
    const seconds = Number(headers['retry-after']) || 0
    const problem = Problem.safeParse(document)
    if (!problem.success)
      return new Unclear(this.#options.url, `it answered ${status}`, status >= 500 || status === 429, seconds)
    this.#answered = true
    const refusal = ProblemError.fromDocument(problem.data)
    if (seconds > 0) refusal.extra.retryAfterSeconds = seconds
    return refusal
  }

  /**
   * Believes the receiver's clock, once in a call: a complaint about a corrected one is a fault that a person must look at. A later call may have to
   * correct it again, because somebody has set the clock of this machine meanwhile.
   */
  #learnClock({ extra }: ProblemError): boolean {
    const receiverTime = z.iso.datetime().safeParse(extra.receiverTime)
    if (!receiverTime.success) return false
    this.#clockOffset = Date.parse(receiverTime.data) - this.#options.now().getTime()
    return true
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What answers is no receiver, or something before it that is out of order. */
class Unclear extends Failure {
  readonly retryAfterSeconds: number

  constructor(url: string, why: string, retriable: boolean, retryAfterSeconds: number, cause?: unknown) {
    super('receiver-unclear', `${url} does not answer as a FailSafe receiver`, {
      why,
      fix: retriable ? 'Try again later' : 'Check the address, and whether a proxy answers in its place',
      retriable,
      cause,
    })
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Milliseconds that the receiver asked to wait, at most a minute. */
function retryAfter(error: Failure): number {
  if (error instanceof Unclear) return Math.min(60, error.retryAfterSeconds) * 1000
  const seconds = error instanceof ProblemError ? Number(error.extra.retryAfterSeconds ?? 0) : 0
  return Math.min(60, seconds) * 1000
}
