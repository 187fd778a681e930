import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Promotion } from '../../shared/api/agent.ts'
import { newUlid, type RunId, type SnapshotId, type SourceId, sourceOf } from '../../shared/ids.ts'
import type { PublicKey } from '../../shared/jws.ts'
import { verify } from '../../shared/jws.ts'
import { compositeChecksum, Manifest, type Pack } from '../../shared/manifest.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { CommittedSnapshot } from '../../shared/snapshot.ts'
import type { Receiver } from '../../uploader/receiver/receiver.ts'
import type { Vault } from './vault.ts'

const MiB = 1024 * 1024

interface Open {
  snapshot: SnapshotId
  run: RunId
  lease: string
  state: 'open' | 'committed' | 'abandoned'
  packs: Map<number, OpenPack>
}

interface OpenPack {
  uploadId: Promise<string>
  complete: boolean
}

/** Answers like the receiver, from memory, with real multipart uploads in a real S3 stand-in. What a test looks at is public. */
export class FakeReceiver implements Receiver {
  readonly vault: Vault
  readonly key: PublicKey
  readonly snapshots = new Map<SnapshotId, Open>()
  readonly manifests: Manifest[] = []
  readonly calls: string[] = []
  readonly runs: Parameters<Receiver['recordRun']>[0][] = []
  head: CommittedSnapshot | null = null
  logHead: CommittedSnapshot | null = null
  promote: Promotion | null = null
  partSize = 5 * MiB
  partsPerPack = 1000
  leaseSeconds = 900
  urlSeconds = 900
  /** Called before each call is answered: a test throws from here. */
  before: (call: string) => void | Promise<void> = () => {}
  readonly #sources = new Map<string, SourceId>()

  constructor(vault: Vault, key: PublicKey) {
    this.vault = vault
    this.key = key
  }

  async #called(call: string): Promise<void> {
    this.calls.push(call)
    await this.before(call)
  }

  #leased(snapshot: SnapshotId, lease: string): Open {
    const open = this.snapshots.get(snapshot)
    if (!open) throw new ProblemError('not-found')
    if (open.state !== 'open') throw new ProblemError('snapshot-state')
    if (open.lease !== lease) throw new ProblemError('lease-stale')
    return open
  }

  keyOf = (snapshot: SnapshotId, pack: number) => `packs/${snapshot}/${String(pack).padStart(4, '0')}.pack`

  async registerSource(name: string) {
    await this.#called('registerSource')
    const source = this.#sources.get(name) ?? newUlid()
    this.#sources.set(name, source)
    return { source, name, retention: { minimumDays: 30 } }
  }

  async sources() {
    return { sources: [] }
  }

  async heads() {
    await this.#called('heads')
    return { data: this.head, log: this.logHead, promote: this.promote }
  }

  async open({ run, source }: Parameters<Receiver['open']>[0]) {
    await this.#called('open')
    const known = [...this.snapshots.values()].find(open => open.run === run)
    if (known && known.state !== 'open') throw new ProblemError('snapshot-state')
    const holder = [...this.snapshots.values()].find(
      open => open.state === 'open' && sourceOf(open.snapshot) === source,
    )
    if (holder && holder !== known) throw new ProblemError('lane-held')
    const open: Open = known ?? {
      snapshot: `${source}.${newUlid()}`,
      run,
      lease: `lease-${newUlid()}`,
      state: 'open',
      packs: new Map(),
    }
    this.snapshots.set(open.snapshot, open)
    return {
      snapshot: open.snapshot,
      lease: { token: open.lease, until: this.#until() },
      heads: { data: this.head, log: this.logHead },
      promote: this.promote,
      partSize: this.partSize,
      limits: { partsPerPack: this.partsPerPack, partsPerWindow: 64 },
    }
  }

  async renew(snapshot: SnapshotId, lease: string) {
    await this.#called('renew')
    this.#leased(snapshot, lease)
    return { until: this.#until() }
  }

  async parts(snapshot: SnapshotId, { lease, parts }: Parameters<Receiver['parts']>[1]) {
    await this.#called('parts')
    const open = this.#leased(snapshot, lease)
    const { client, bucket: Bucket } = this.vault
    const urls = []
    for (const part of parts) {
      const Key = this.keyOf(snapshot, part.pack)
      let pack = open.packs.get(part.pack)
      if (!pack) {
        // Two windows of one new pack may be asked for at once.
        const created = client.send(new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'SHA256' }))
        pack = { uploadId: created.then(({ UploadId }) => UploadId!), complete: false }
        open.packs.set(part.pack, pack)
      }
      const command = new UploadPartCommand({
        Bucket,
        Key,
        UploadId: await pack.uploadId,
        PartNumber: part.number,
        ContentLength: part.size,
        ChecksumSHA256: part.sha256,
      })
      const bound = new Set(['x-amz-checksum-sha256'])
      const url = await getSignedUrl(client, command, {
        expiresIn: this.urlSeconds,
        unhoistableHeaders: bound,
        signableHeaders: new Set(['host', 'content-length', ...bound]),
      })
      const headers = { 'content-length': String(part.size), 'x-amz-checksum-sha256': part.sha256 }
      urls.push({ pack: part.pack, number: part.number, url, headers })
    }
    return { urls, expiresAt: this.#until() }
  }

  async packParts(snapshot: SnapshotId, n: number, lease: string) {
    await this.#called('packParts')
    const pack = this.#leased(snapshot, lease).packs.get(n)
    if (!pack) return { state: 'none' as const, parts: [] }
    if (pack.complete) return { state: 'complete' as const, parts: [] }
    return { state: 'open' as const, parts: await this.#list(snapshot, n) }
  }

  async complete(snapshot: SnapshotId, lease: string, pack: Parameters<Receiver['complete']>[2]) {
    await this.#called('complete')
    const known = this.#leased(snapshot, lease).packs.get(pack.n)
    if (!known) throw new ProblemError('not-found')
    await this.#complete(snapshot, known, pack)
    return { state: 'complete' as const }
  }

  async #complete(snapshot: SnapshotId, known: OpenPack, pack: Pack): Promise<void> {
    if (known.complete) return
    const { client, bucket: Bucket } = this.vault
    const parts = await this.#list(snapshot, pack.n)
    const result = await client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: this.keyOf(snapshot, pack.n),
        UploadId: await known.uploadId,
        IfNoneMatch: '*',
        MultipartUpload: {
          Parts: parts.map(part => ({ PartNumber: part.number, ETag: part.etag, ChecksumSHA256: part.sha256 })),
        },
      }),
    )
    if (result.ChecksumSHA256 !== compositeChecksum(pack)) throw new ProblemError('pack-mismatch')
    known.complete = true
  }

  async commit(snapshot: SnapshotId, lease: string, jws: string) {
    await this.#called('commit')
    const open = this.snapshots.get(snapshot)
    if (open?.state !== 'committed') this.#leased(snapshot, lease)
    const manifest = await verify('failsafe.manifest/1', Manifest, jws, this.key)
    for (const pack of manifest.packs) {
      const known = open!.packs.get(pack.n)
      if (!known) throw new ProblemError('pack-mismatch', `pack ${pack.n}`)
      await this.#complete(snapshot, known, pack)
    }
    if (open!.state === 'open') this.manifests.push(manifest)
    open!.state = 'committed'
    await this.#called('committed')
    return {
      state: 'committed' as const,
      receivedAt: new Date().toISOString(),
      lockedUntil: new Date().toISOString(),
      warnings: [],
    }
  }

  async abort(snapshot: SnapshotId, lease: string) {
    await this.#called('abort')
    const open = this.#leased(snapshot, lease)
    for (const [n, { uploadId, complete }] of open.packs)
      if (!complete) {
        const Key = this.keyOf(snapshot, n)
        const command = new AbortMultipartUploadCommand({ Bucket: this.vault.bucket, Key, UploadId: await uploadId })
        // A call of a killed run may be completing it right now.
        await this.vault.client.send(command).catch(error => {
          if (error.name !== 'NoSuchUpload') throw error
        })
      }
    open.state = 'abandoned'
  }

  async recordProof() {}

  async recordRun(run: Parameters<Receiver['recordRun']>[0]) {
    await this.#called('recordRun')
    this.runs.push(run)
  }

  async link(): ReturnType<Receiver['link']> {
    throw new ProblemError('not-found')
  }

  states() {
    return [...this.snapshots.values()].map(({ state }) => state)
  }

  #until = () => new Date(Date.now() + this.leaseSeconds * 1000).toISOString()

  async #list(snapshot: SnapshotId, n: number) {
    const UploadId = await this.snapshots.get(snapshot)!.packs.get(n)!.uploadId
    const Key = this.keyOf(snapshot, n)
    const { Parts } = await this.vault.client.send(new ListPartsCommand({ Bucket: this.vault.bucket, Key, UploadId }))
    return (Parts ?? []).map(part => ({
      number: part.PartNumber!,
      size: part.Size!,
      sha256: part.ChecksumSHA256!,
      etag: part.ETag!,
    }))
  }
}
