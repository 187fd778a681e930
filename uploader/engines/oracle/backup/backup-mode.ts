import { Failure, messageOf } from '../../../../shared/failure.ts'
import { text } from '../../row.ts'
import type { Control } from '../connection/control.ts'
import { StatementError } from '../connection/errors.ts'
import { number } from '../connection/row.ts'
import type { CallOptions, Session } from '../connection/session.ts'
import type { DataFile, Inventory } from '../inventory.ts'
import { isBefore } from '../position.ts'
import * as statements from '../statements/backup.ts'
import * as discovery from '../statements/discovery.ts'
import type { BackupModeJournal } from './journal.ts'
import type { Held, Scope } from './note.ts'

const alreadyActive = 1146
const noneActive = 1142
const insufficient = 1031
/** BEGIN BACKUP ends when the files' checkpoint is written. */
const beginTimeout = 1_800_000

/** Where each of these files is in backup mode since which SCN. */
export type Active = Map<number, string>

/*
 *   journal ──▶ BEGIN ──▶ look ──▶ journal ──▶ copies ──▶ END ──▶ look ──▶ journal
 *     │  killed here: what is active since the journalled SCN is ours        │
 *     └──────────────── killed up to here: `recover` ends it ────────────────┘
 *
 * A connection that is lost in BEGIN or END says nothing of whether it was done: the database is asked.
 */

/** What is in backup mode because of this run. It is not tied to a session: whoever begins it has to end it. */
export class BackupMode {
  readonly #control: Control
  readonly #journal: BackupModeJournal
  readonly #inventory: Pick<Inventory, 'dataFiles' | 'containers'>

  constructor(control: Control, journal: BackupModeJournal, inventory: Pick<Inventory, 'dataFiles' | 'containers'>) {
    this.#control = control
    this.#journal = journal
    this.#inventory = inventory
  }

  get isOn(): boolean {
    return this.#journal.held.length > 0
  }

  /** @returns since when each file of the scope is in it. @throws Failure `oracle-backup-mode-on` where somebody else's backup is under way */
  async begin(scope: Scope, signal: AbortSignal): Promise<Active> {
    const scn = text(await this.#control.one(discovery.database, { signal }), 'scn')
    const held: Held = { scope, scn, files: null }
    await this.#journal.add(held)
    const asked = { before: false }
    try {
      await this.#control.again(session => this.#begin(session, held, asked, signal), signal)
    } catch (error) {
      // Refused for sure: nothing of it is in backup mode because of us.
      if (error instanceof StatementError || isOtherBackup(error))
        await this.#journal.update(all => all.filter(each => each !== held))
      throw error
    }
    const active = await activeIn(this.#control, this.#filesOf(scope))
    const ours = new Map([...active].filter(([, since]) => !isBefore(since, scn)))
    const files = Object.fromEntries([...ours].map(([file, since]) => [String(file), since]))
    await this.#journal.update(all => all.map(each => (each === held ? { ...held, files } : each)))
    return ours
  }

  async #begin(session: Session, { scope, scn }: Held, asked: { before: boolean }, signal: AbortSignal): Promise<void> {
    const active = await activeIn(session, this.#filesOf(scope))
    const others = [...active].filter(([, since]) => !asked.before || isBefore(since, scn))
    if (others.length > 0) throw otherBackup(others.map(([file]) => file))
    // A connection was lost in BEGIN, which was done.
    if (active.size > 0) return
    asked.before = true
    try {
      await inContainer(session, scope, () => session.run(beginOf(scope), { signal, timeout: beginTimeout }))
    } catch (error) {
      if (error instanceof StatementError && error.number === alreadyActive) throw otherBackup([], error)
      throw error
    }
  }

  /**
   * Ends it for a scope, or for all. Keeps at it as long as the control session's patience lasts, whatever became of the run.
   * @throws Failure `oracle-backup-mode-left` where it could not be ended; the journal stays then, and the next run does it
   */
  async end(scope?: Scope): Promise<void> {
    for (const held of this.#journal.held.filter(each => scope === undefined || each.scope === scope)) {
      try {
        await endHeld(this.#control, held, this.#inventory)
      } catch (error) {
        throw left(error)
      }
      await this.#journal.update(all => all.filter(each => each !== held))
    }
  }

  #filesOf(scope: Scope): DataFile[] {
    return filesOf(scope, this.#inventory)
  }
}

/** Ends what is in backup mode because of an entry of the journal, and nothing else. @returns how many files that were */
export async function endHeld(
  control: Control,
  held: Held,
  inventory: Pick<Inventory, 'dataFiles' | 'containers'>,
): Promise<number> {
  return control.again(async session => {
    const active = await activeIn(session, inventory.dataFiles)
    const ours = oursIn(active, held, inventory)
    if (ours.length === 0) return 0
    const alone = ours.length === active.size
    if (held.scope.what === 'database' && alone) {
      if (await ends(() => session.run(statements.endBackup))) return ours.length
    }
    for (const scope of tablespacesOf(ours, inventory))
      await ends(() => inContainer(session, scope, () => session.run(endOf(scope))))
    const still = oursIn(await activeIn(session, inventory.dataFiles), held, inventory)
    if (still.length > 0) throw new Error(`files ${still.map(file => file.number).join(', ')} are still in backup mode`)
    return ours.length
  })
}

/** @returns false where all of the database may not be ended at once */
async function ends(statement: () => Promise<void>): Promise<boolean> {
  try {
    await statement()
    return true
  } catch (error) {
    if (error instanceof StatementError && error.number === insufficient) return false
    if (error instanceof StatementError && error.number === noneActive) return true
    throw error
  }
}

/** Since when files are in backup mode. */
export async function activeIn(
  session: Pick<Session, 'query'>,
  files: readonly DataFile[],
  options: CallOptions = {},
): Promise<Active> {
  const numbers = new Set(files.map(file => file.number))
  const rows = await session.query(discovery.backupMode, options)
  return new Map(
    rows.map(row => [number(row, 'file_number'), text(row, 'scn')] as const).filter(([file]) => numbers.has(file)),
  )
}

function oursIn(active: Active, { scope, scn, files }: Held, inventory: Pick<Inventory, 'dataFiles' | 'containers'>) {
  return filesOf(scope, inventory).filter(file => {
    const since = active.get(file.number)
    if (since === undefined) return false
    return files === null ? !isBefore(since, scn) : files[file.number] === since
  })
}

function filesOf(scope: Scope, { dataFiles, containers }: Pick<Inventory, 'dataFiles' | 'containers'>): DataFile[] {
  if (scope.what === 'database') return [...dataFiles]
  return dataFiles.filter(
    file => file.tablespace === scope.tablespace && containerName(file, containers) === scope.container,
  )
}

/** The tablespaces that files belong to. */
export function tablespacesOf(
  files: readonly DataFile[],
  { containers }: Pick<Inventory, 'containers'>,
): Extract<Scope, { what: 'tablespace' }>[] {
  const scopes = new Map<string, Extract<Scope, { what: 'tablespace' }>>()
  for (const file of files) {
    const { tablespace } = file
    const container = containerName(file, containers)
    scopes.set(`${container}\n${tablespace}`, { what: 'tablespace', container, tablespace })
  }
  return [...scopes.values()]
}

function containerName({ container }: DataFile, containers: Inventory['containers']): string {
  return containers.find(({ id }) => id === container)?.name ?? ''
}

/** Commands for a tablespace are for one of the container that the session is in. */
async function inContainer(session: Session, scope: Scope, work: () => Promise<void>): Promise<void> {
  const container = scope.what === 'tablespace' ? scope.container : ''
  if (container === '') return work()
  await session.run(statements.enterContainer(container))
  try {
    await work()
  } finally {
    if (!session.isLost) await session.run(statements.enterContainer('CDB$ROOT'))
  }
}

const beginOf = (scope: Scope) =>
  scope.what === 'database' ? statements.beginBackup : statements.beginTablespace(scope.tablespace)
const endOf = ({ tablespace }: Extract<Scope, { what: 'tablespace' }>) => statements.endTablespace(tablespace)

export function otherBackup(files: readonly number[], cause?: unknown): Failure {
  return new Failure('oracle-backup-mode-on', 'Data files are in backup mode already', {
    why: `another backup is under way, or one has died${files.length === 0 ? '' : ` (files ${files.join(', ')})`}`,
    fix: 'Wait for it; if nobody is backing up, run as an administrator: ALTER DATABASE END BACKUP',
    retriable: true,
    cause,
  })
}

function left(error: unknown): Failure {
  return new Failure('oracle-backup-mode-left', 'The database may still be in backup mode', {
    why: messageOf(error),
    fix: 'The next run ends it. By hand, as an administrator: ALTER DATABASE END BACKUP',
    retriable: true,
    cause: error,
  })
}

const isOtherBackup = (error: unknown) => error instanceof Failure && error.code === 'oracle-backup-mode-on'
