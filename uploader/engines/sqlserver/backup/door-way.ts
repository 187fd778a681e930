import { Failure } from '../../../../shared/failure.ts'
import type { SnapshotKind } from '../../../../shared/snapshot.ts'
import { ItemFailed } from '../../item-failed.ts'
import type { StatementError } from '../connection/errors.ts'
import type { Server } from '../connection/server.ts'
import type { Door } from '../door/door.ts'
import { explainDoor } from '../door/explain.ts'
import type { Intake } from '../door/intake.ts'
import { dataBytes, type Inventory } from '../inventory.ts'
import type { Task } from '../plan/judge.ts'
import { historyAndFilesOf } from '../statements/backup.ts'
import { dropCredential } from '../statements/door.ts'
import { backupSetOf } from './backup-set.ts'
import { filesOf } from './files.ts'
import { fileNameOf, UnusedNames } from './names.ts'
import type { Attempt, Content, Examined, Way } from './way.ts'

/** The largest part that the server sends, where it is told to. */
const largePart = 20 * 1024 * 1024
/** Ten thousand parts of the least size: what is larger may not fit into one URL with parts of the usual size. */
const surelyFits = 10_000 * 5 * 1024 * 1024

interface DoorWayOptions {
  door: Door
  inventory: Inventory
  kind: SnapshotKind
  /** As they are set. */
  stripes: number
  parallel: number
  /** Streams that are read at once: one that is not read would keep the server from all others of its backup. */
  readers: number
  /** To undo what was done on the server. */
  control: Server
  signal: AbortSignal
}

/** Each backup is sent to the door, in one stream or several, and read while it comes. */
export class DoorWay implements Way {
  readonly writesFirst = false
  readonly takers: number
  readonly #options: DoorWayOptions
  readonly #stripes: number
  readonly #names = new UnusedNames()
  #next = 1

  constructor(options: DoorWayOptions) {
    const { kind, stripes, parallel, readers } = options
    this.#options = options
    this.#stripes = kind === 'log' ? 1 : Math.min(stripes, readers)
    this.takers = Math.max(1, Math.min(parallel, Math.floor(readers / this.#stripes)))
  }

  attempt(task: Task, at: Date, hand: (artefact: Content) => void): Attempt {
    const { door, inventory, signal } = this.#options
    const { database, kind } = task
    const file = this.#names.next(fileNameOf(database, kind, at))
    const number = this.#next++
    const stripes = Array.from({ length: this.#stripes }, (_, i) => new Stripe(door, `${number}-${i + 1}`))
    const verdict = Promise.withResolvers<Record<string, string> | undefined>()
    for (const [i, stripe] of stripes.entries()) {
      const [name, which] =
        stripes.length === 1 ? [file, {}] : [inStripes(file, i + 1), { stripe: `${i + 1}/${stripes.length}` }]
      stripe.hand(name, which, verdict.promise, hand)
    }
    const discard = async () => {
      verdict.resolve(undefined)
      for (const { intake } of stripes) intake.abandon()
    }
    const large = dataBytes(database) / stripes.length > surelyFits
    return {
      to: { urls: stripes.map(({ url }) => url), partSize: large ? largePart : undefined },
      file: stripes.length === 1 ? file : inStripes(file, 1),
      isHeldUp: () => stripes.some(({ intake }) => intake.isHeldUp),
      examine: (server, { database: { name } }, set) =>
        examined(server, { database: name, set }, stripes, { offset: inventory.offset, signal }),
      explain: (error: StatementError) => explainDoor(error, door),
      again: async () => {
        await discard()
        return this.attempt(task, at, hand)
      },
      handOver: async (_, attributes) => {
        verdict.resolve(attributes)
        await Promise.all(stripes.map(({ read }) => read))
      },
      discard,
    }
  }

  async close(): Promise<void> {
    const { door, control } = this.#options
    const { url } = door
    await door.close()
    // Where the connection is lost the next run drops it: its key opens nothing any more.
    await control.query(dropCredential(url)).catch(() => {})
  }
}

/** One object of a backup, and what is read of it. */
class Stripe {
  readonly url: string
  readonly intake: Intake
  /** Resolves when all of it was read, up to the verdict. */
  readonly read: Promise<void>
  readonly #end: () => void

  constructor(door: Door, object: string) {
    this.url = `${door.url}/${object}`
    this.intake = door.expect(object)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.read = promise
    this.#end = resolve
  }

  /**
   * Hands it over once the server begins to send it.
   * @param verdict what is to be said of the backup; undefined where it failed: what came of it is of no use then, and says so
   */
  hand(
    name: string,
    which: Record<string, string>,
    verdict: Promise<Record<string, string> | undefined>,
    hand: (artefact: Content) => void,
  ): void {
    const { intake } = this
    const end = this.#end
    const attributes: Record<string, string> = {}
    const read = async function* () {
      yield* intake.read()
      const sound = await verdict
      if (sound && !intake.isComplete) throw closed()
      Object.assign(attributes, sound ?? { incomplete: 'true' }, which)
      end()
    }
    void intake.begun.then(() => hand({ name, attributes, read }))
  }
}

/** The history tells what there is to know: what was sent cannot be read again. */
async function examined(
  server: Server,
  { database, set }: { database: string; set: string },
  stripes: readonly Stripe[],
  { offset, signal }: { offset: number; signal: AbortSignal },
): Promise<Examined> {
  const [history = [], files = []] = await server.queryAll(historyAndFilesOf(database, set), { signal })
  const [row] = history
  if (!row || files.length === 0)
    throw new ItemFailed('database-no-history', 'its backup is not in the history of the server: somebody purged it')
  return {
    set: backupSetOf(row, offset),
    files: filesOf(files),
    size: stripes.reduce((sum, { intake }) => sum + intake.size, 0),
    wrong: stripes.every(({ intake }) => intake.isComplete) ? undefined : 'not all of it was sent',
  }
}

function closed(): Failure {
  return new Failure('sqlserver-door-closed', 'The door was closed while a backup was read', {
    why: 'the run came to its end',
    fix: 'Run the backup again',
    retriable: true,
  })
}

/** `Sales_….bak` → `Sales_…_2.bak` */
function inStripes(file: string, number: number): string {
  return file.replace(/(\.\w+)$/, `_${number}$1`)
}
