import { Failure } from '../../shared/failure.ts'
import { faultPoint } from '../fault-point.ts'
import { Budget, partsWithin } from '../staging/budget.ts'
import type { RunDirectory } from '../staging/directory.ts'
import { IndexSpool } from '../staging/index-spool.ts'
import type { Journal } from '../staging/journal.ts'
import { PackWriter } from '../staging/pack-writer.ts'
import type { LaidPack } from '../staging/remains.ts'
import { Unsynced } from '../staging/unsynced.ts'
import type { Clock } from '../transfer/clock.ts'
import { Upload } from '../transfer/upload.ts'
import type { BackupOptions, Opened } from './backup.ts'
import { briefly } from './briefly.ts'
import { PackNumbers } from './pack-numbers.ts'
import { takeUp } from './take-up.ts'

/** How long calls under way may take to end once the run has failed. */
const settleTime = 15_000

/**
 * From sealed bytes to the vault: for one open snapshot a writer for each reader, the upload of what they write, and the budget that holds the
 * two together. `release` always.
 */
export class Pipeline {
  readonly writers: readonly PackWriter[]
  readonly spool: IndexSpool
  readonly upload: Upload
  /** Sends what the process before this one had staged and not sent. */
  readonly takeUp: () => Promise<void>
  readonly #options: Pick<BackupOptions<unknown, unknown>, 'reporter'>
  readonly #numbers: PackNumbers
  readonly #unsynced: Unsynced
  #total: number | undefined

  /**
   * @param run `laid`: packs of this snapshot that a process before this one has laid; `readers`: none where only those are left to be sent
   * @throws Failure `staging-too-small`
   */
  constructor(
    options: Pick<BackupOptions<unknown, unknown>, 'receiver' | 'staging' | 'upload' | 'put' | 'patience' | 'reporter'>,
    run: {
      opened: Opened
      directory: RunDirectory
      journal: Journal
      readers: number
      laid: readonly LaidPack[]
      clock: Clock
      signal: AbortSignal
      fail(error: unknown): void
    },
  ) {
    const { receiver, staging, put, patience, reporter } = options
    const { opened, directory, journal, readers, laid, clock, signal, fail } = run
    const { snapshot, lease, partSize, limits } = opened
    const budget = new Budget(partsWithin(staging.maxBytes, partSize, readers))
    const unsynced = new Unsynced(directory)
    this.#unsynced = unsynced
    const { concurrency } = options.upload
    this.#options = options
    this.upload = new Upload({
      receiver,
      snapshot,
      lease: lease.token,
      put,
      budget,
      concurrency,
      partSize,
      partsPerWindow: limits.partsPerWindow,
      clock,
      patience,
      signal,
      onAcknowledged({ pack, number, path }) {
        unsynced.forget(path)
        journal.append({ type: 'acknowledged', pack, number }).catch(fail)
      },
      onCompleted(pack) {
        journal.append({ type: 'completed', pack }).catch(fail)
      },
      onProgress: done => {
        if (this.#total !== undefined) reporter.progress({ label: 'uploaded', done, total: this.#total })
      },
      onFailure: fail,
    })
    this.takeUp = () => takeUp(laid, { receiver, opened, directory, budget, unsynced, upload: this.upload, signal })
    this.#numbers = new PackNumbers(laid.map(({ n }) => n))
    const writer = () =>
      new PackWriter({
        directory,
        budget,
        partSize,
        partsPerPack: limits.partsPerPack,
        unsynced,
        nextPack: () => this.#numbers.next(),
        onPart: async part => {
          const { pack, number, size, digest } = part
          await journal.append({ type: 'staged', pack, number, size, sha256: digest.toString('base64') })
          faultPoint('part-journalled')
          this.upload.add(part)
        },
        onPackEnd: (pack, parts) => this.upload.endPack(pack, parts),
        signal,
      })
    this.writers = Array.from({ length: readers }, writer)
    this.spool = new IndexSpool(directory.spool, indexRoom(budget, partSize, readers, signal))
  }

  /** The writer whose pack takes what comes last. */
  get last(): PackWriter {
    return this.writers[0]!
  }

  /** Ends the last pack: all that is still to be sent is on disk when this is done, and journalled. */
  async end(): Promise<void> {
    await this.last.end()
    this.upload.hurry()
    // A manifest names its packs without a gap. One that an earlier process had begun, and laid nothing into that counts, gets a byte that nothing refers to.
    while (this.#numbers.hasGap) {
      await this.last.write(Buffer.alloc(1))
      this.last.takeExtents()
      await this.last.end()
    }
    await this.#unsynced.sync()
  }

  /** Waits until all packs are complete, or the upload has failed. */
  async finish(): Promise<void> {
    this.#total = this.upload.staged
    this.#options.reporter.progress({ label: 'uploaded', done: this.upload.bytes.sent, total: this.#total })
    await this.upload.settled()
  }

  /** Lets go of the files. The run's signal is aborted by now, so that nothing new begins. */
  async release(): Promise<void> {
    await briefly(this.upload.settled(), settleTime)
    await Promise.all(this.writers.map(writer => writer.discard()))
    await this.spool.close()
  }
}

/** A long index takes places of the budget as it grows, as long as enough are left for the parts. */
function indexRoom(budget: Budget, partSize: number, readers: number, signal: AbortSignal) {
  let places = 0
  return async (size: number) => {
    while (places * partSize < size) {
      if (budget.capacity - places - 1 < readers + 1)
        throw new Failure('staging-too-small', 'The staging budget is too small for the index of this snapshot', {
          why: 'it lists very many artefacts',
          fix: `Raise staging.maxBytes by at least ${Math.ceil(partSize / (1024 * 1024))}MiB`,
        })
      await budget.acquire(signal)
      places += 1
    }
  }
}
