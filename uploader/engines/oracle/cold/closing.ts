import type { BackupContext } from '../../engine.ts'
import { text } from '../../row.ts'
import { attempts } from '../backup/attempts.ts'
import { type Closed, removeNote, writeNote } from '../backup/note.ts'
import type { Control } from '../connection/control.ts'
import type { Inventory } from '../inventory.ts'
import { openInstance, shutDownAndMount } from '../rman/instance.ts'
import type { RmanSettings } from '../settings.ts'
import { openContainer } from '../statements/backup.ts'
import * as discovery from '../statements/discovery.ts'

/*
 *   note ──▶ SHUTDOWN ──▶ MOUNT ──▶ copies ──▶ OPEN ──▶ containers as they were ──▶ note removed
 *     └───────────────── killed up to here: `recover` opens it again ───────────────────┘
 */

/** A database that is closed because of this run: whoever closes it has to open it. */
export class Closing {
  readonly #control: Control
  readonly #undo: string
  readonly #note: Closed
  #isClosed = true

  private constructor(control: Control, undo: string, note: Closed) {
    this.#control = control
    this.#undo = undo
    this.#note = note
  }

  /**
   * Shuts the database down and mounts it; if that fails, it is opened again.
   * @param limit milliseconds that it may take. @throws as `shutDownAndMount`
   */
  static async of(
    rman: RmanSettings,
    { id, containers }: Pick<Inventory, 'id' | 'containers'>,
    { control, context, limit }: { control: Control; context: Pick<BackupContext, 'undo' | 'warn'>; limit: number },
  ): Promise<Closing> {
    const note: Closed = {
      format: 'failsafe.oracle-closed/1',
      database: id,
      rman,
      containers: containers.filter(isOpened).map(({ name, openMode }) => ({ name, openMode })),
    }
    const closing = new Closing(control, context.undo, note)
    await writeNote(context.undo, note)
    try {
      await shutDownAndMount(rman, limit, pid => writeNote(context.undo, { ...note, pid }))
      return closing
    } catch (error) {
      await closing.abandon(context)
      throw error
    }
  }

  /** Opens it again, with the containers that were open. At most once does anything. @throws Failure `oracle-left-closed`; the note stays then, and the next run does it */
  async end(): Promise<void> {
    if (!this.#isClosed) return
    await openInstance(this.#note.rman, this.#note.database)
    await openContainers(this.#control, this.#note)
    await removeNote(this.#undo)
    this.#isClosed = false
  }

  /** `end`, for a run that fails for another reason. Never throws. */
  abandon(context: Pick<BackupContext, 'warn'>): Promise<void> {
    return attempts(context)('oracle-left-closed', () => this.end())
  }
}

/** The root and the seed open with the database. */
const isOpened = ({ id, openMode }: Inventory['containers'][number]) => id > 2 && openMode.startsWith('READ')

/** Those that were open, and did not open with the database. */
export async function openContainers(control: Control, { containers }: Closed): Promise<void> {
  if (containers.length === 0) return
  const now = new Map(
    (await control.query(discovery.containers)).map(row => [text(row, 'name'), text(row, 'open_mode')]),
  )
  for (const { name, openMode } of containers)
    if (now.get(name) === 'MOUNTED') await control.run(openContainer(name, openMode))
}
