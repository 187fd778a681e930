import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { RunId, SnapshotId, SourceId } from '../../shared/ids.ts'
import { Manifest, Pack, Sha256 } from '../../shared/manifest.ts'
import { Lane, SnapshotKind, UnitEntry } from '../../shared/snapshot.ts'
import { syncDirectory } from '../files/sync-directory.ts'
import { stagingFailure } from './failures.ts'

const StagedBytes = z.object({
  pack: z.number().int().min(1),
  number: z.number().int().min(1),
  size: z.number().int().min(1),
  sha256: Sha256,
})

/**
 * What a run leaves behind for the next one if it dies. In this order:
 *
 *   run ─ (open call) ─ opened ─ staged, artefact, acknowledged, completed … ─ all-staged ─ acknowledged, completed … ─ sealed ─ (commit call) ─ committed
 *                                                                              └ nothing more is needed of the source ┘
 *
 * `run` is on disk before the receiver is asked to open anything, so there is no snapshot that nobody knows of. There may be a second `run`: of a run that is
 * promoted when it opens, because the first was refused, or of one whose snapshot was gone when its staged parts were taken up again. The last counts, and so
 * does the last `opened`.
 */
export const JournalRecord = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run'),
    format: z.literal('failsafe.journal/1'),
    run: RunId,
    source: SourceId,
    lane: Lane,
    kind: SnapshotKind,
    /** The mode that was asked for. */
    requested: z.string(),
    expectedBytes: z.number().int(),
    startedAt: z.iso.datetime(),
    /** To whom everything is sealed. */
    recipients: Manifest.shape.recipients,
  }),
  z.object({
    type: z.literal('opened'),
    snapshot: SnapshotId,
    lease: z.string(),
    partSize: z.number().int(),
    /** The lane's head that the snapshot goes on from. */
    head: SnapshotId.nullable(),
  }),
  /**
   * A part file is complete. It is on disk where an `artefact` record behind it says so of what lies in it, and before `all-staged`: what another worker wrote while an
   * artefact was flushed need not be. Those of a pack come in the order of their numbers.
   */
  z.object({ type: z.literal('staged'), ...StagedBytes.shape }),
  /** The pack ends after so many parts: those behind them were lost, and nothing that counts lies in them. */
  z.object({ type: z.literal('cut'), pack: z.number().int(), parts: z.number().int().min(0) }),
  /** The storage has the part, and its file is gone. */
  z.object({ type: z.literal('acknowledged'), pack: z.number().int(), number: z.number().int() }),
  /** The pack is one object of the vault. */
  z.object({ type: z.literal('completed'), pack: Pack }),
  /** An artefact with a resume key is whole: in the parts before this record, and in the first `size` bytes of the part file that was being written. */
  z.object({ type: z.literal('artefact'), line: z.string(), tail: StagedBytes.optional() }),
  /** Every part is on disk or sent. With what the manifest says beside the packs. */
  z.object({
    type: z.literal('all-staged'),
    manifest: Manifest.pick({ engineVersion: true, uploader: true, totals: true, index: true, units: true }),
    units: z.array(UnitEntry),
    warnings: z.array(z.string()),
  }),
  z.object({ type: z.literal('sealed'), manifest: z.string() }),
  z.object({ type: z.literal('committed') }),
])
export type JournalRecord = z.infer<typeof JournalRecord>
export type RecordOf<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>

/** JSON lines, on disk before `append` resolves. Records that come while the disk is busy share the next flush. */
export class Journal {
  readonly #file: FileHandle
  readonly #path: string
  #lines: string[] = []
  #flushing: Promise<void> | undefined
  #failure: { error: unknown } | undefined

  private constructor(file: FileHandle, path: string) {
    this.#file = file
    this.#path = path
  }

  /** On disk with its name, so that no crash leaves records without a file to find them by. */
  static async create(path: string): Promise<Journal> {
    try {
      const journal = new Journal(await open(path, 'ax', 0o600), path)
      await syncDirectory(dirname(path))
      return journal
    } catch (error) {
      throw stagingFailure(error, path)
    }
  }

  /** Goes on after the first `length` bytes: what a crash has torn behind them would hide every record that follows. */
  static async reopen(path: string, length: number): Promise<Journal> {
    try {
      const file = await open(path, 'a', 0o600)
      await file.truncate(length)
      await file.datasync()
      return new Journal(file, path)
    } catch (error) {
      throw stagingFailure(error, path)
    }
  }

  async append(record: JournalRecord): Promise<void> {
    this.#lines.push(`${JSON.stringify(record)}\n`)
    // What is being flushed now was taken before this record came: it goes with the one after.
    await this.#flushing
    this.#flushing ??= this.#flush()
    await this.#flushing
  }

  async close(): Promise<void> {
    await this.#flushing?.catch(() => {})
    await this.#file.close().catch(error => {
      throw stagingFailure(error, this.#path)
    })
  }

  async #flush(): Promise<void> {
    try {
      // Half a line may have been written: a record behind it would never be read.
      if (this.#failure) throw this.#failure.error
      await this.#file.appendFile(this.#lines.splice(0).join(''))
      await this.#file.datasync()
    } catch (error) {
      this.#failure ??= { error }
      throw stagingFailure(error, this.#path)
    } finally {
      this.#flushing = undefined
    }
  }
}

/**
 * The records of a journal up to the first line that is not whole: a dying machine may have torn the last one. Read as a stream, because that of a large
 * snapshot is long.
 * @returns with each record where the next one begins
 */
export async function* readJournal(path: string): AsyncGenerator<{ record: JournalRecord; end: number }> {
  let rest: Buffer = Buffer.alloc(0)
  let end = 0
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, piece])
      let at = 0
      for (let line = rest.indexOf(10); line >= 0; line = rest.indexOf(10, at)) {
        const record = parse(rest.toString('utf8', at, line))
        if (!record) return
        end += line + 1 - at
        at = line + 1
        yield { record, end }
      }
      rest = rest.subarray(at)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw stagingFailure(error, path)
  }
}

function parse(line: string): JournalRecord | undefined {
  try {
    return JournalRecord.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
