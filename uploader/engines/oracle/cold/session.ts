import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { Session, StagedArtefact } from '../../engine.ts'
import { keptOf } from '../../kept-of.ts'
import { attempts } from '../backup/attempts.ts'
import { DataFiles } from '../backup/data-files.ts'
import { fullEntry } from '../backup/entry.ts'
import { warnOfFiles } from '../backup/look-again.ts'
import type { Run } from '../backup/run.ts'
import { SettingsFiles } from '../backup/settings-files.ts'
import { explain } from '../connection/errors.ts'
import { enabledThreads } from '../inventory.ts'
import { Pieces } from '../rman/pieces.ts'
import { requireStillClosed } from './cleanly-closed.ts'
import type { Closing } from './closing.ts'

/**
 * A full of a database that keeps no archived logs:  SHUTDOWN, MOUNT ── control file, parameters ── copies of data files ── OPEN
 *
 * All is of the moment at which it was closed, and needs no redo.
 */
export class ColdSession implements Session {
  readonly #run: Run
  readonly #closing: Closing | undefined
  readonly #closedAs: string
  readonly #settingsFiles: SettingsFiles
  readonly #pieces: Pieces | undefined
  #units: UnitEntry[] = []

  /** @param closing of a database that is closed because of this run. @param closedAs what `requireCleanlyClosed` gave */
  constructor(run: Run, closing: Closing | undefined, closedAs: string) {
    this.#run = run
    this.#closing = closing
    this.#closedAs = closedAs
    this.#settingsFiles = new SettingsFiles(run)
    this.#pieces = Pieces.of(run)
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { context } = this.#run
    try {
      context.step(3)
      yield* this.#settingsFiles.artefacts(true)
      context.step(4)
      await warnOfFiles(this.#run)
      yield* this.#pieces ? this.#fromPieces(this.#pieces) : this.#dataFiles()
      this.#units = this.#entries()
    } catch (error) {
      context.signal.throwIfAborted()
      throw explain(error)
    }
  }

  async *#fromPieces(pieces: Pieces): AsyncGenerator<StagedArtefact> {
    await pieces.make()
    await this.#copied()
    yield* pieces.artefacts()
  }

  /** The last of them that was read opens the database. */
  async *#dataFiles(): AsyncGenerator<StagedArtefact> {
    const { context } = this.#run
    const all = await Array.fromAsync(new DataFiles(this.#run).artefacts())
    let left = all.filter(artefact => !keptOf(context.kept, artefact)).length
    if (left === 0) await this.#copied()
    const copied = async () => {
      if (--left === 0) await this.#copied()
    }
    for (const artefact of all)
      yield {
        ...artefact,
        async *read() {
          yield* artefact.read()
          await copied()
        },
      }
  }

  async #copied(): Promise<void> {
    const { control, context } = this.#run
    try {
      await requireStillClosed(control, this.#closedAs, context.signal)
      await this.#closing?.end()
    } catch (error) {
      context.signal.throwIfAborted()
      throw explain(error)
    }
  }

  #entries(): UnitEntry[] {
    const { inventory, settings } = this.#run
    const { scn, now } = inventory
    return enabledThreads(inventory).map(thread =>
      fullEntry(
        inventory,
        { thread, from: scn, to: scn, logs: [] },
        { from: now, to: now },
        { beginScn: scn, endScn: scn, method: settings.method, closed: 'true' },
      ),
    )
  }

  units(): UnitEntry[] {
    const { context, plan } = this.#run
    context.step(plan.steps.length)
    return this.#units
  }

  async close(): Promise<void> {
    const { files, control, context } = this.#run
    await this.#closing?.abandon(context)
    const attempt = attempts(context)
    await attempt('oracle-left-behind', () => this.#settingsFiles.close())
    await attempt('oracle-left-behind', async () => this.#pieces?.close())
    await files.close()
    await control.end()
  }
}
