import type { LinkInfo, LinkUses, Plan, RestoreManifest, Timeline } from './answers.ts'

/** The receiver refused; `code` is one of shared/problem.ts. */
export class Refused extends Error {
  readonly code: string
  readonly why: string | undefined
  constructor(code: string, why?: string) {
    super(why ?? code)
    this.code = code
    this.why = why
  }
}

/** No answer came, or one that is not the receiver's. */
export class Unreachable extends Error {}

/** What to restore: the state at a moment, or the one that a snapshot holds; of all units where none are named. */
export interface Choice {
  at?: string
  snapshot?: string
  units?: string[]
}

/** Calls of the page to its own origin. The secret is sent in a header and nowhere else. */
export class Receiver {
  readonly #secret: string
  readonly #passcode: string | undefined
  readonly #origin: string

  constructor(options: { secret: string; passcode?: string; origin?: string }) {
    this.#secret = options.secret
    this.#passcode = options.passcode
    this.#origin = options.origin ?? ''
  }

  link(signal?: AbortSignal): Promise<LinkInfo> {
    return this.#call('GET', '/v1/link', { signal })
  }

  /** Ends the link for everybody who has it. */
  async revoke(): Promise<void> {
    await this.#call('DELETE', '/v1/link')
  }

  uses(signal?: AbortSignal): Promise<LinkUses> {
    return this.#call('GET', '/v1/link/uses', { signal })
  }

  /** @param query `from`, `until`: a window of time; `before`, `afterUnit`: the next page */
  timeline(source: string, query: Record<string, string>, signal?: AbortSignal): Promise<Timeline> {
    return this.#call('GET', `/v1/sources/${source}/timeline?${new URLSearchParams(query)}`, { signal })
  }

  /** @throws Refused `not-restorable` */
  plan(source: string, { at, snapshot, units = [] }: Choice, page: string | null, signal?: AbortSignal): Promise<Plan> {
    const query = new URLSearchParams(units.map(unit => ['unit', unit]))
    if (at !== undefined) query.set('at', at)
    if (snapshot !== undefined) query.set('snapshot', snapshot)
    if (page !== null) query.set('page', page)
    return this.#call('GET', `/v1/sources/${source}/plan?${query}`, { signal })
  }

  /** Consumes a use of the link; asked again with the same key it does not. */
  restoreManifest(source: string, choice: Choice, idempotencyKey: string): Promise<RestoreManifest> {
    return this.#call('POST', '/v1/restore-manifests', { body: { source, ...choice, idempotencyKey } })
  }

  restoreManifestPage(id: string, page: string): Promise<RestoreManifest> {
    return this.#call('GET', `/v1/restore-manifests/${id}?${new URLSearchParams({ page })}`)
  }

  async #call<T>(
    method: string,
    path: string,
    options: { body?: unknown; signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const { body, signal } = options
    let response: Response
    try {
      response = await fetch(this.#origin + path, {
        method,
        headers: {
          authorization: `Bearer ${this.#secret}`,
          ...(this.#passcode === undefined ? {} : { 'x-failsafe-passcode': this.#passcode }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
        cache: 'no-store',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw new Unreachable('no connection', { cause: error })
    }
    if (response.status === 204) return undefined as T
    const answer: unknown = await response.json().catch(cause => {
      signal?.throwIfAborted()
      throw new Unreachable(`an answer with status ${response.status} that is not the receiver's`, { cause })
    })
    if (response.ok) return answer as T
    const { code, detail } = answer as { code?: string; detail?: string }
    if (code === undefined || response.status >= 500) throw new Unreachable(`status ${response.status}`)
    throw new Refused(code, detail)
  }
}
