import { type FileHandle, open, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { RunId, SnapshotId, SourceId } from '../../shared/ids.ts'
import { Sha256 } from '../../shared/manifest.ts'
import { Lane, SnapshotKind } from '../../shared/snapshot.ts'
import { stagingFailure } from './failures.ts'

/**
 * What a run leaves behind for the next one if it dies. In this order:
 *
 *   run ─ (open call) ─ opened ─ staged, acknowledged … ─ sealed ─ (commit call) ─ committed
 *
 * `run` is on disk before the receiver is asked to open anything, so there is no snapshot that nobody knows of. A run that is promoted when it
 * opens has a second one: the last counts, because the first was refused.
 */
export const JournalRecord = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run'),
    format: z.literal('failsafe.journal/1'),
    run: RunId,
    source: SourceId,
    lane: Lane,
    kind: SnapshotKind,
    expectedBytes: z.number().int(),
  }),
  z.object({ type: z.literal('opened'), snapshot: SnapshotId, lease: z.string(), partSize: z.number().int() }),
  z.object({
    type: z.literal('staged'),
    pack: z.number().int(),
    number: z.number().int(),
    size: z.number().int(),
    sha256: Sha256,
  }),
  z.object({ type: z.literal('acknowledged'), pack: z.number().int(), number: z.number().int() }),
  z.object({ type: z.literal('sealed'), manifest: z.string() }),
  z.object({ type: z.literal('committed') }),
])
export type JournalRecord = z.infer<typeof JournalRecord>

/** JSON lines, on disk before `append` resolves. Records that come while the disk is busy share the next flush. */
export class Journal {
  readonly #file: FileHandle
  readonly #path: string
  #lines: string[] = []
  #flushing: Promise<void> | undefined

  private constructor(file: FileHandle, path: string) {
    this.#file = file
    this.#path = path
  }

  static async create(path: string): Promise<Journal> {
    try {
      return new Journal(await open(path, 'ax', 0o600), path)
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
    await this.#file.close()
  }

  async #flush(): Promise<void> {
    try {
      await this.#file.appendFile(this.#lines.splice(0).join(''))
      await this.#file.datasync()
    } catch (error) {
      throw stagingFailure(error, this.#path)
    } finally {
      this.#flushing = undefined
    }
  }
}

/** The records of a journal up to the first line that is not whole: a dying machine may have torn the last one. */
export async function readJournal(path: string): Promise<JournalRecord[]> {
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return ''
    throw stagingFailure(error, path)
  })
  const records: JournalRecord[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    const record = parse(line)
    if (!record) break
    records.push(record)
  }
  return records
}

function parse(line: string): JournalRecord | undefined {
  try {
    return JournalRecord.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
