import { z } from 'zod'
import {
  type PackUrlsRequest,
  PackUrlsResponse,
  type RestoreManifestRequest,
  RestoreManifestResponse,
} from '../../../../shared/api/restore.ts'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { Problem, ProblemError } from '../../../../shared/problem.ts'

export interface LinkReceiverOptions {
  /** Of the receiver, which serves the page too. */
  origin: string
  /** Of the link. It goes into a header and nowhere else. */
  secret: string
  passcode: string | undefined
  signal: AbortSignal
  /** Waits so many milliseconds, and until there is a network. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

const attempts = 6
const answerTime = 60_000
const segment = encodeURIComponent

/** The restore API as the holder of a link sees it. A refusal is a ProblemError; a receiver that is away is asked again for half a minute. */
export class LinkReceiver {
  readonly #options: LinkReceiverOptions

  constructor(options: LinkReceiverOptions) {
    this.#options = options
  }

  /** All pages of it. Consumes a use of the link, unless it was asked with the same `idempotencyKey` before. */
  async restoreManifest(
    request: z.input<typeof RestoreManifestRequest>,
  ): Promise<z.output<typeof RestoreManifestResponse>> {
    const first = await this.#call('POST', '/v1/restore-manifests', RestoreManifestResponse, request)
    const snapshots = [...first.snapshots]
    const doubtful = [...first.doubtful]
    for (let page = first.next; page !== null; ) {
      const target = `/v1/restore-manifests/${segment(first.id)}?page=${segment(page)}`
      const more = await this.#call('GET', target, RestoreManifestResponse)
      snapshots.push(...more.snapshots)
      doubtful.push(...more.doubtful)
      page = more.next
    }
    return { ...first, snapshots, doubtful, next: null }
  }

  /** Counts against the byte budget of the link. */
  packUrls(id: string, request: z.input<typeof PackUrlsRequest>): Promise<z.output<typeof PackUrlsResponse>> {
    return this.#call('POST', `/v1/restore-manifests/${segment(id)}/urls`, PackUrlsResponse, request)
  }

  async #call<T>(method: string, target: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const { signal, sleep } = this.#options
    for (let failures = 0; ; ) {
      try {
        return await this.#attempt(method, target, schema, body)
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof Failure) || !error.retriable || ++failures >= attempts) throw error
        await sleep(Math.max(1000 * 2 ** (failures - 1), askedWait(error)), signal)
      }
    }
  }

  async #attempt<T>(method: string, target: string, schema: z.ZodType<T>, body: unknown): Promise<T> {
    const { origin, secret, passcode, signal } = this.#options
    const [response, document] = await fetch(origin + target, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(passcode === undefined ? {} : { 'x-failsafe-passcode': passcode }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerTime)]),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    })
      .then(async response => [response, jsonOf(await response.text())] as const)
      .catch(cause => {
        throw unclear('The receiver cannot be reached', messageOf(cause), true, cause)
      })
    if (!response.ok) throw refusalOf(response, document)
    const parsed = schema.safeParse(document)
    if (parsed.success) return parsed.data
    throw unclear('The receiver cannot be understood', z.prettifyError(parsed.error), false, parsed.error)
  }
}

function refusalOf({ status, headers }: Response, document: unknown): Failure {
  const problem = Problem.safeParse(document)
  if (problem.success) {
    const refusal = ProblemError.fromDocument(problem.data)
    refusal.extra.retryAfterSeconds = Number(headers.get('retry-after'))
    return refusal
  }
  return unclear('The receiver cannot be understood', `it answered ${status}`, status >= 500 || status === 429)
}

function unclear(what: string, why: string, retriable: boolean, cause?: unknown): Failure {
  return new Failure('receiver-unclear', what, { why, fix: 'Try again later', retriable, cause })
}

/** Milliseconds that the receiver asked to wait, at most a minute. */
function askedWait(error: Failure): number {
  const seconds = error instanceof ProblemError ? Number(error.extra.retryAfterSeconds) : 0
  return Math.min(60, seconds || 0) * 1000
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
