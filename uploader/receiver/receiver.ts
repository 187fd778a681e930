import type { z } from 'zod'
import type * as agent from '../../shared/api/agent.ts'
import type * as restore from '../../shared/api/restore.ts'
import type { SnapshotId, SourceId } from '../../shared/ids.ts'
import type { Pack } from '../../shared/manifest.ts'

type Out<T extends z.ZodType> = z.output<T>
type In<T extends z.ZodType> = z.input<T>

/**
 * The receiver as an enrolled agent sees it: one method per call of the agent API. Every method may be called again with the same
 * arguments. A refusal is a ProblemError; a network that is away is retried inside for a bounded time and then is a Failure
 * `receiver-unreachable`. The clock is corrected once where the receiver says that it differs.
 */
export interface Receiver {
  registerSource(name: string, request: In<typeof agent.SourceRequest>): Promise<Out<typeof agent.SourceResponse>>
  sources(): Promise<Out<typeof agent.SourcesResponse>>
  heads(source: SourceId): Promise<Out<typeof agent.HeadsResponse>>
  open(request: In<typeof agent.OpenRequest>): Promise<Out<typeof agent.OpenResponse>>
  renew(snapshot: SnapshotId, lease: string): Promise<Out<typeof agent.RenewResponse>>
  parts(snapshot: SnapshotId, request: In<typeof agent.PartsRequest>): Promise<Out<typeof agent.PartsResponse>>
  packParts(snapshot: SnapshotId, pack: number, lease: string): Promise<Out<typeof agent.PackPartsResponse>>
  complete(snapshot: SnapshotId, lease: string, pack: Pack): Promise<Out<typeof agent.CompleteResponse>>
  /** Asks again by itself while the receiver is still committing. */
  commit(
    snapshot: SnapshotId,
    lease: string,
    manifest: string,
  ): Promise<Extract<Out<typeof agent.CommitResponse>, { state: 'committed' }>>
  abort(snapshot: SnapshotId, lease: string): Promise<void>
  recordProof(snapshot: SnapshotId, proof: In<typeof agent.ProofRequest>): Promise<void>
  recordRun(run: In<typeof agent.RunRequest>): Promise<void>
  link(request: In<typeof agent.LinkRequest>): Promise<Out<typeof agent.LinkResponse>>
}

/** The restore half, for an agent's proof and for a link's holder alike. */
export interface RestoreReceiver {
  timeline(source: SourceId, page?: { limit?: number; before?: string }): Promise<Out<typeof restore.TimelineResponse>>
  restoreManifest(
    request: In<typeof restore.RestoreManifestRequest>,
  ): Promise<Out<typeof restore.RestoreManifestResponse>>
  packUrls(
    restoreManifest: string,
    request: In<typeof restore.PackUrlsRequest>,
  ): Promise<Out<typeof restore.PackUrlsResponse>>
}
