import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Session, StagedArtefact } from '../../engine.ts'
import { unit } from '../position.ts'
import type { Copy } from './copy.ts'

/** A physical backup under way: the stream of the vendor's program as it comes, and behind it what the program says of it. */
export class PhysicalSession implements Session {
  readonly #copy: Copy
  readonly #stream: string
  readonly #closing: () => Promise<void>
  #entry: UnitEntry | undefined

  /** @param stream what the artefact of the stream is called */
  constructor(copy: Copy, stream: string, closing: () => Promise<void>) {
    this.#copy = copy
    this.#stream = stream
    this.#closing = closing
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    yield { name: this.#stream, role: 'database', unit, order: 1, alone: true, read: () => this.#copy.read() }
    const { entry, notes } = await this.#copy.finished
    this.#entry = entry
    for (const [i, { name, content }] of notes.entries())
      yield { name, role: 'config', unit, order: 2 + i, read: () => once(content) }
  }

  units(): UnitEntry[] {
    return [this.#entry!]
  }

  /** The server knows nothing of a backup. */
  close(): Promise<void> {
    return this.#closing()
  }
}

async function* once(content: Buffer): AsyncGenerator<Buffer> {
  yield content
}
