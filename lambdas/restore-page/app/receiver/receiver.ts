import type { LinkInfo, LinkUses, Plan, RestoreManifest, Timeline } from './answers.ts'
import { type Access, call } from './call.ts'

/** What to restore: the state at a moment, or the one that a snapshot holds; of all units where none are named. */
export interface Choice {
  at?: string
  snapshot?: string
  units?: string[]
}

/** The calls of the restore page. */
export class Receiver {
  readonly #access: Access

  constructor(access: Access) {
    this.#access = access
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

  #call<T>(method: string, path: string, options?: { body?: unknown; signal?: AbortSignal | undefined }): Promise<T> {
    return call(this.#access, method, path, options)
  }
}
