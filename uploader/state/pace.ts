import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { SourceId } from '../../shared/ids.ts'
import type { SnapshotKind } from '../../shared/snapshot.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { writeDurably } from '../files/write.ts'

/** What the last run of a source has shown of the way to the vault: from this the next one estimates how long it will take. */
const Remembered = z.object({
  format: z.literal('failsafe.pace/1'),
  /** Sealed bytes that arrived per second. */
  bytesPerSecond: z.number().positive(),
  /** Sealed bytes for each byte that the plan had expected. */
  sealedShare: z.number().positive(),
})
export type Remembered = Omit<z.infer<typeof Remembered>, 'format'>

/** One small file for each source and kind in the state directory. */
export class PaceFile {
  readonly #directory: string

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'pace')
  }

  /** Undefined where no run was measured, and where the file is damaged: the next run measures anew. */
  async read(source: SourceId, kind: SnapshotKind): Promise<Remembered | undefined> {
    try {
      return Remembered.parse(JSON.parse(await readFile(this.#path(source, kind), 'utf8')))
    } catch {
      return undefined
    }
  }

  async write(source: SourceId, kind: SnapshotKind, remembered: Remembered): Promise<void> {
    await makeDirectory(this.#directory, 0o700)
    const text = JSON.stringify({ format: 'failsafe.pace/1', ...remembered } satisfies z.infer<typeof Remembered>)
    await writeDurably(this.#path(source, kind), `${text}\n`)
  }

  #path(source: SourceId, kind: SnapshotKind): string {
    return join(this.#directory, `${source}-${kind}.json`)
  }
}
