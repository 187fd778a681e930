import { createHash } from 'node:crypto'
import { Failure } from '../../shared/failure.ts'
import type { SnapshotId } from '../../shared/ids.ts'
import type { Pack } from '../../shared/manifest.ts'
import { faultPoint } from '../fault-point.ts'
import type { Receiver } from '../receiver/receiver.ts'
import type { Budget } from '../staging/budget.ts'
import { holds } from '../staging/check-file.ts'
import type { StagedPart } from '../staging/pack-writer.ts'
import { removeFile } from '../staging/remove-file.ts'
import type { Clock } from './clock.ts'
import { Patience, persist } from './patience.ts'
import { PutBroken, type PutPart, PutRefused } from './put-part.ts'
import { Rate } from './rate.ts'
import { Signer } from './signer.ts'

export interface UploadOptions {
  receiver: Pick<Receiver, 'parts' | 'packParts' | 'complete'>
  snapshot: SnapshotId
  lease: string
  put: PutPart
  budget: Budget
  concurrency: number
  partSize: number
  partsPerWindow: number
  clock: Clock
  /** How long nothing at all may move; an hour if not given. */
  patience?: number | undefined
  signal: AbortSignal
  /** A part was acknowledged and its file is gone. */
  onAcknowledged(part: StagedPart): void
  /** A pack is complete at the receiver. */
  onCompleted(pack: Pack): void
  onProgress(sentBytes: number): void
  /** Called once; the upload does nothing more afterwards. */
  onFailure(error: unknown): void
}

/** Seconds of transfer that one call signs URLs for. */
const windowSeconds = 300
/** Milliseconds that a part waits for others to be signed in the same call. */
const gatherTime = 1000

/**
 * Sends parts as they come, several at once, and completes a pack when all its parts are there. One of a single part is left to the commit, which spares a call.
 * URLs take a call too: parts that come fast are gathered for it, as many as can be under way at once, if the staging directory has room.
 */
export class Upload {
  readonly #options: UploadOptions
  readonly #signer: Signer
  readonly #patience: Patience
  readonly #rate: Rate
  readonly #waiting: StagedPart[] = []
  /** So many make a call for URLs worth it: what is gathered must not keep the engine waiting for room. */
  readonly #enough: number
  /** Of those that wait, the first so many may go; with the others, more are waited for. */
  #ready = 0
  #gathering: NodeJS.Timeout | undefined
  readonly #open = new Map<number, OpenPack>()
  readonly #packs: Pack[] = []
  readonly #active = new Set<Promise<void>>()
  #failed = false
  #staged = 0
  #acknowledged = 0
  #resent = 0
  #idle: (() => void)[] = []

  constructor(options: UploadOptions) {
    this.#options = options
    this.#signer = new Signer(options.receiver, options.snapshot, options.lease, options.clock)
    this.#patience = new Patience(options.clock, options.patience)
    this.#rate = new Rate(options.clock)
    this.#enough = Math.min(options.concurrency, options.partsPerWindow, Math.floor(options.budget.capacity / 4))
  }

  add(part: StagedPart): void {
    this.#packOf(part.pack).size += part.size
    this.#staged += part.size
    this.#waiting.push(part)
    if (this.#waiting.length - this.#ready >= this.#enough) this.hurry()
    else this.#gathering ??= setTimeout(() => this.hurry(), gatherTime).unref()
  }

  /** A part that the storage has already, from a process before this one. */
  adopt({ pack, number, size, digest }: Omit<StagedPart, 'path'>): void {
    const open = this.#packOf(pack)
    open.size += size
    open.digests.set(number, digest)
  }

  /** A pack that is complete already. */
  adoptPack(pack: Pack): void {
    this.#packs.push(pack)
  }

  /** No part will follow in this pack beyond number `parts`. */
  endPack(pack: number, parts: number): void {
    const open = this.#packOf(pack)
    open.parts = parts
    this.#completeIfWhole(pack, open)
  }

  /** Waits until every part given so far was acknowledged and every ended pack of several completed, or the upload failed. */
  async settled(): Promise<void> {
    this.hurry()
    while (this.#active.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  /** Parts that wait for others go now: none follows soon. */
  hurry(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    this.#ready = this.#waiting.length
    this.#pump()
  }

  /** Bytes of all parts given so far. */
  get staged(): number {
    return this.#staged
  }

  /** Bytes of all bodies that went out, and how many of them went out in vain. */
  get bytes(): { sent: number; resent: number } {
    return { sent: this.#acknowledged + this.#resent, resent: this.#resent }
  }

  /** The packs whose parts are all there, by number. */
  get packs(): Pack[] {
    return this.#packs.sort((a, b) => a.n - b.n)
  }

  #packOf(pack: number): OpenPack {
    const open = this.#open.get(pack) ?? { size: 0, parts: undefined, digests: new Map() }
    this.#open.set(pack, open)
    return open
  }

  #pump(): void {
    while (!this.#failed && this.#ready > 0 && this.#active.size < this.#options.concurrency) {
      this.#ready -= 1
      this.#track(this.#send(this.#waiting.shift()!))
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch(error => {
        if (!this.#failed) this.#options.onFailure(error)
        this.#failed = true
      })
      .finally(() => {
        this.#active.delete(tracked)
        this.#pump()
        if (this.#active.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
      })
    this.#active.add(tracked)
  }

  async #send(part: StagedPart): Promise<void> {
    const { clock, signal } = this.#options
    const since = clock.elapsed()
    const furthest = { bytes: 0 }
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      const error = await this.#try(part, furthest)
      if (error === undefined) break
      if (!mayPass(error)) throw error
      await this.#patience.pause(attempt, since, error, signal, error instanceof PutRefused ? error.retryAfter : 0)
    }
    await this.#acknowledge(part)
  }

  /**
   * @param furthest how far any try of this part got; going over the same bytes again is no progress
   * @returns why it did not work, or undefined when the storage has the part
   */
  async #try(part: StagedPart, furthest: { bytes: number }): Promise<unknown> {
    const { put, signal, onProgress } = this.#options
    let sent = 0
    try {
      const target = await this.#signer.sign(part, this.#waiting.slice(0, this.#windowSize() - 1))
      faultPoint('part-signed')
      await put(part, target, signal, now => {
        this.#rate.add(now - sent)
        sent = now
        if (now > furthest.bytes) {
          furthest.bytes = now
          this.#patience.moved()
        }
        onProgress(this.#acknowledged + this.#resent + sent)
      })
      this.#signer.forget(part)
      faultPoint('part-sent')
      return undefined
    } catch (error) {
      this.#signer.forget(part)
      signal.throwIfAborted()
      const arrived = await this.#hasArrived(part, error)
      if (arrived) return undefined
      this.#resent += sent
      return error
    }
  }

  /** After a broken connection nobody knows whether the part arrived. The storage does. */
  async #hasArrived(part: StagedPart, error: unknown): Promise<boolean> {
    if (error instanceof Failure) return false
    if (error instanceof PutRefused) {
      if (error.status === 400) await this.#checkFile(part)
      if (error.code !== 'NoSuchUpload') return false
    }
    const { receiver, snapshot, lease } = this.#options
    const there = await receiver.packParts(snapshot, part.pack, lease).catch(cause => {
      if (cause instanceof Failure && cause.retriable) return undefined
      throw cause
    })
    const found = there?.parts.find(({ number }) => number === part.number)
    return found?.size === part.size && found.sha256 === part.digest.toString('base64')
  }

  /** The storage says that the bytes are not the signed ones: changed on the way, which a new try heals, or changed on our disk. */
  async #checkFile(part: StagedPart): Promise<void> {
    if (await holds(part.path, part.size, part.digest)) return
    throw new Failure('staging-damaged', 'A part in the staging directory is not what was written', {
      why: 'the disk gives back other bytes than it took',
      fix: 'Check the disk, or set staging.dir to another one, and run the backup again',
    })
  }

  async #acknowledge(part: StagedPart): Promise<void> {
    await removeFile(part.path)
    faultPoint('part-removed')
    this.#options.budget.release()
    this.#acknowledged += part.size
    this.#patience.moved()
    this.#options.onAcknowledged(part)
    const open = this.#packOf(part.pack)
    open.digests.set(part.number, part.digest)
    this.#completeIfWhole(part.pack, open)
  }

  #completeIfWhole(n: number, { parts, digests, size }: OpenPack): void {
    if (parts === undefined || digests.size < parts || this.#failed) return
    this.#open.delete(n)
    const hash = createHash('sha256')
    for (let number = 1; number <= parts; number++) hash.update(digests.get(number)!)
    const pack: Pack = { n, size, parts, sha256: hash.digest('base64') }
    if (parts === 1) {
      this.#packs.push(pack)
      return
    }
    const { receiver, snapshot, lease, clock, signal } = this.#options
    const complete = () => receiver.complete(snapshot, lease, pack)
    this.#track(
      persist(complete, { patience: this.#patience, clock, signal }).then(() => {
        this.#packs.push(pack)
        faultPoint('pack-completed')
        this.#options.onCompleted(pack)
      }),
    )
  }

  #windowSize(): number {
    const { partsPerWindow, partSize, concurrency } = this.#options
    const rate = this.#rate.perSecond
    const fitting = rate === undefined ? concurrency : Math.floor((rate * windowSeconds) / partSize)
    return Math.min(partsPerWindow, 64, Math.max(1, fitting))
  }
}

/** Whether another try can help. One of the same file meets the same disk. */
function mayPass(error: unknown): boolean {
  if (error instanceof Failure) return error.retriable && !error.code.startsWith('staging-')
  return error instanceof PutRefused || error instanceof PutBroken
}

interface OpenPack {
  size: number
  /** Known when the pack has ended. */
  parts: number | undefined
  digests: Map<number, Buffer>
}
