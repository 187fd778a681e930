import { Failure } from '../../../../shared/failure.ts'
import type { StagedArtefact } from '../../engine.ts'
import { text } from '../../row.ts'
import { unlessAborted } from '../../unless-aborted.ts'
import { explain, StatementError } from '../connection/errors.ts'
import { safeName } from '../files/server-path.ts'
import { topologyOf } from '../inspect.ts'
import { type DataFile, treatmentOf } from '../inventory.ts'
import * as discovery from '../statements/discovery.ts'
import { type Active, tablespacesOf } from './backup-mode.ts'
import { type Copied, copyDataFile } from './copy-data-file.ts'
import { explainFile } from './explain.ts'
import { Hold } from './holds.ts'
import type { Scope } from './note.ts'
import { dataFileKey } from './resume.ts'
import type { Run } from './run.ts'
import { wholeDatabase } from './settings-files.ts'

/** Copies of all data files, those that are written to in backup mode. */
export class DataFiles {
  readonly #run: Run

  constructor(run: Run) {
    this.#run = run
  }

  /** Files in backup mode first: it ends when the last of them is read, and then come those that nobody writes to. */
  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { inventory, settings, context } = this.#run
    const groups = Map.groupBy(inventory.dataFiles, file => treatmentOf(file, inventory))
    const hot = (groups.get('hot') ?? []).toSorted((a, b) => b.bytes - a.bytes)
    const holds = settings.backupMode === 'database' ? await this.#wholeDatabase(hot) : this.#byTablespace(hot)
    const all: Hold[] = []
    for (const { hold, begin } of holds) {
      all.push(hold)
      const active = await begin()
      for (const file of hold.files) yield this.#dataFile(file, this.#sinceOf(file, active), hold)
    }
    await unlessAborted(context.signal, () => Promise.all(all.map(({ ended }) => ended)))
    for (const file of groups.get('still') ?? []) yield this.#dataFile(file, undefined, undefined)
  }

  #begin(scope: Scope): Promise<Active> {
    return this.#run.backupMode.begin(scope, this.#run.context.signal)
  }

  /** All at once, or where the account may not do that, by tablespaces. */
  async #wholeDatabase(hot: readonly DataFile[]): Promise<{ hold: Hold; begin: () => Promise<Active> }[]> {
    const { context } = this.#run
    if (hot.length === 0) return []
    const hold = new Hold({ what: 'database' }, hot)
    try {
      const active = await this.#begin(hold.scope)
      return [{ hold, begin: async () => active }]
    } catch (error) {
      if (!(error instanceof StatementError && error.number === insufficient)) throw error
      context.warn(
        'oracle-by-tablespace',
        'the account may not put the whole database in backup mode (ALTER DATABASE): one tablespace after the other is',
      )
      return this.#byTablespace(hot)
    }
  }

  #byTablespace(hot: readonly DataFile[]) {
    const { inventory } = this.#run
    return tablespacesOf(hot, inventory).map(scope => {
      const hold = new Hold(
        scope,
        hot.filter(file => tablespacesOf([file], inventory).every(of => sameTablespace(of, scope))),
      )
      return { hold, begin: () => this.#begin(scope) }
    })
  }

  /** @throws Failure `oracle-not-in-backup-mode`: a copy of a file that is written to would be worth nothing */
  #sinceOf(file: DataFile, active: Active): string {
    const since = active.get(file.number)
    if (since !== undefined) return since
    throw new Failure('oracle-not-in-backup-mode', `${file.path} is not in backup mode`, {
      why: 'it was taken offline, dropped or made read only since the run began',
      fix: 'Run the backup again',
      retriable: true,
    })
  }

  #dataFile(file: DataFile, since: string | undefined, hold: Hold | undefined): StagedArtefact {
    const { inventory, files, backupMode, settings, context } = this.#run
    const { signal, warn } = context
    const container = inventory.containers.find(({ id }) => id === file.container)
    const databaseIds = [inventory.id, ...(container ? [container.databaseId] : [])]
    const attributes: Record<string, string> = {
      file: String(file.number),
      path: file.path,
      tablespace: file.tablespace,
      ...(container && { container: container.name }),
      copied: since === undefined ? 'still' : 'backup-mode',
    }
    const key = dataFileKey(inventory, file)
    const stillAt = () => this.#requireStill(file)
    async function* read() {
      const source = await files.open(file.path)
      let copied: Copied | undefined
      try {
        yield* copyDataFile(source, { file, databaseIds, since, signal }, result => {
          copied = result
        })
      } finally {
        await source.close()
      }
      const { header, damaged } = copied!
      attributes.checkpointScn = header.checkpointScn
      attributes.blocks = String(header.blocks)
      attributes.blockSize = String(header.blockSize)
      if (damaged.length > 0) {
        attributes.damaged = damaged.slice(0, 100).join(',')
        warn(
          'oracle-blocks-damaged',
          `${file.path}: ${damaged.length} blocks are damaged on the server's own disk (${damaged.slice(0, 5).join(', ')}${damaged.length > 5 ? ', …' : ''}); they are backed up as they are`,
        )
      }
    }
    return {
      name: `datafiles/${String(file.number).padStart(4, '0')}-${safeName(file.path)}`,
      role: 'data',
      unit: wholeDatabase,
      order: 10 + file.number,
      ...(key !== undefined && { resumeKey: key }),
      attributes,
      async *read() {
        let whole = false
        try {
          yield* read()
          if (hold) await hold.done(() => backupMode.end(hold.scope))
          else await stillAt()
          whole = true
        } catch (error) {
          const explained = explain(explainFile(error, topologyOf(settings)))
          hold?.fail(explained)
          throw explained
        } finally {
          if (!whole) hold?.fail(new Error(`${file.path} was not read to its end`))
        }
      },
    }
  }

  /** @throws Failure `oracle-file-changed` where a file that nobody was to write to has been */
  async #requireStill({ number, path, checkpointScn, enabled, status }: DataFile): Promise<void> {
    const { control, context } = this.#run
    const rows = await control.query(discovery.dataFiles, { signal: context.signal })
    const now = rows.find(row => text(row, 'file_number') === String(number))
    const same =
      now !== undefined &&
      text(now, 'checkpoint_scn') === checkpointScn &&
      text(now, 'enabled') === enabled &&
      text(now, 'status') === status
    if (same) return
    throw new Failure('oracle-file-changed', `${path} was opened for writing while it was copied`, {
      why: 'it was read only, offline, or of a closed container when the run began',
      fix: 'Run the backup again',
      retriable: true,
    })
  }
}

const insufficient = 1031

function sameTablespace(a: Extract<Scope, { what: 'tablespace' }>, b: Extract<Scope, { what: 'tablespace' }>): boolean {
  return a.container === b.container && a.tablespace === b.tablespace
}
