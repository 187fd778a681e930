import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import * as agent from '../../shared/api/agent.ts'
import * as restore from '../../shared/api/restore.ts'
import { Failure } from '../../shared/failure.ts'
import { newUlid, type SnapshotId, type SourceId } from '../../shared/ids.ts'
import type { Pack } from '../../shared/manifest.ts'
import { type ClientOptions, ReceiverClient } from './client.ts'
import type { Receiver, RestoreReceiver } from './receiver.ts'

const segment = encodeURIComponent
const commitPatience = 30 * 60_000

/** The restore API over HTTP. `authorise` decides whether an agent or a link's holder asks. */
export class HttpRestoreReceiver implements RestoreReceiver {
  protected readonly client: ReceiverClient
  protected readonly signal: AbortSignal

  constructor(options: ClientOptions) {
    this.signal = options.signal
    this.client = new ReceiverClient(options)
  }

  timeline(source: SourceId, page: { limit?: number; before?: string } = {}) {
    const query = new URLSearchParams()
    if (page.limit !== undefined) query.set('limit', String(page.limit))
    if (page.before !== undefined) query.set('before', page.before)
    const search = query.size === 0 ? '' : `?${query}`
    return this.client.call('GET', `/v1/sources/${segment(source)}/timeline${search}`, restore.TimelineResponse)
  }

  async restoreManifest(request: z.input<typeof restore.RestoreManifestRequest>) {
    // an answer that is lost on the way costs no second use of a link
    const body = { idempotencyKey: newUlid(), ...request }
    const first = await this.client.call('POST', '/v1/restore-manifests', restore.RestoreManifestResponse, body)
    const snapshots = [...first.snapshots]
    const doubtful = [...first.doubtful]
    for (let page = first.next; page !== null; ) {
      const target = `/v1/restore-manifests/${segment(first.id)}?page=${segment(page)}`
      const more = await this.client.call('GET', target, restore.RestoreManifestResponse)
      snapshots.push(...more.snapshots)
      doubtful.push(...more.doubtful)
      page = more.next
    }
    return { ...first, snapshots, doubtful, next: null }
  }

  packUrls(restoreManifest: string, request: z.input<typeof restore.PackUrlsRequest>) {
    const target = `/v1/restore-manifests/${segment(restoreManifest)}/urls`
    return this.client.call('POST', target, restore.PackUrlsResponse, request)
  }

  /** What the link in use allows; only for a link's holder. Consumes nothing. */
  linkInfo() {
    return this.client.call('GET', '/v1/link', restore.LinkInfoResponse)
  }
}

/** Both halves for an enrolled agent. */
export class HttpReceiver extends HttpRestoreReceiver implements Receiver {
  registerSource(name: string, request: z.input<typeof agent.SourceRequest>) {
    return this.client.call('PUT', `/v1/sources/${segment(name)}`, agent.SourceResponse, request)
  }

  sources() {
    return this.client.call('GET', '/v1/sources', agent.SourcesResponse)
  }

  heads(source: SourceId) {
    return this.client.call('GET', `/v1/sources/${segment(source)}/heads`, agent.HeadsResponse)
  }

  open(request: z.input<typeof agent.OpenRequest>) {
    return this.client.call('POST', '/v1/snapshots', agent.OpenResponse, request)
  }

  renew(snapshot: SnapshotId, lease: string) {
    return this.#snapshot('POST', snapshot, '/renew', agent.RenewResponse, { lease })
  }

  parts(snapshot: SnapshotId, request: z.input<typeof agent.PartsRequest>) {
    return this.#snapshot('POST', snapshot, '/parts', agent.PartsResponse, request)
  }

  packParts(snapshot: SnapshotId, pack: number, lease: string) {
    return this.#snapshot('GET', snapshot, `/packs/${pack}/parts?lease=${segment(lease)}`, agent.PackPartsResponse)
  }

  complete(snapshot: SnapshotId, lease: string, pack: Pack) {
    return this.#snapshot('POST', snapshot, `/packs/${pack.n}/complete`, agent.CompleteResponse, { lease, pack })
  }

  async commit(snapshot: SnapshotId, lease: string, manifest: string) {
    const deadline = performance.now() + commitPatience
    for (;;) {
      const answer = await this.#snapshot('POST', snapshot, '/commit', agent.CommitResponse, { lease, manifest })
      if (answer.state === 'committed') return answer
      if (performance.now() > deadline)
        throw new Failure('commit-unfinished', 'The receiver has not finished committing the snapshot', {
          why: 'it was asked for half an hour',
          fix: 'Look at the snapshot later with: failsafe list',
          retriable: true,
        })
      await delay(2000, undefined, { signal: this.signal })
    }
  }

  async abort(snapshot: SnapshotId, lease: string) {
    await this.#snapshot('DELETE', snapshot, `?lease=${segment(lease)}`, agent.AbortResponse)
  }

  async recordProof(snapshot: SnapshotId, proof: z.input<typeof agent.ProofRequest>) {
    await this.#snapshot('POST', snapshot, '/proofs', agent.ProofResponse, proof)
  }

  async recordRun(run: z.input<typeof agent.RunRequest>) {
    await this.client.call('POST', '/v1/runs', agent.RunResponse, run)
  }

  link(request: z.input<typeof agent.LinkRequest>) {
    return this.client.call('POST', '/v1/links', agent.LinkResponse, request)
  }

  /** Ends a link that this agent made. */
  revokeLink(name: string) {
    return this.client.call('DELETE', `/v1/links/${segment(name)}`, agent.LinkRevokedResponse)
  }

  #snapshot<T>(method: string, snapshot: SnapshotId, rest: string, schema: z.ZodType<T>, body?: unknown) {
    return this.client.call(method, `/v1/snapshots/${segment(snapshot)}${rest}`, schema, body)
  }
}
