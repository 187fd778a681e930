import { stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { type Failure, messageOf } from '../../../../shared/failure.ts'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { formatSeconds } from '../../../output/format.ts'
import type { BackupContext, Plan, Session, StagedArtefact } from '../../engine.ts'
import { folderNames } from '../folders.ts'
import { type Inventory, systemStateUnit } from '../inventory.ts'
import type { FullVerdict } from '../plan/judge.ts'
import { readWhole } from '../read-file.ts'
import { resultsArtefact } from '../results.ts'
import type { Settings } from '../settings.ts'
import { Frozen } from '../shadow/frozen.ts'
import { exposuresFor } from '../shadow/letters.ts'
import type { Exposure } from '../shadow/script.ts'
import { pathOn, volumeOf } from '../windows/volumes.ts'
import { exchangeWriter, type Writer } from '../windows/writers.ts'
import { type CopyOfDatabase, copyOfDatabase } from './copy-of-database.ts'
import { documentOf } from './document.ts'
import { entryFor, systemStateEntry } from './entries.ts'
import { filesOf } from './files-of.ts'
import { type Before, notNoted } from './noted.ts'
import { removeSystemState, type SystemState, takeSystemState } from './system-state.ts'
import { judgeEnd } from './verdict.ts'

export interface FullRun {
  settings: Settings
  plan: Plan
  inventory: Inventory
  writers: readonly Writer[]
  verdicts: readonly FullVerdict[]
  context: BackupContext
  hook: readonly string[]
  pauses: Pauses
}

/** In milliseconds; shorter for tests. */
export interface Pauses {
  /** Before each further attempt at shadow copies. */
  freeze: readonly number[]
  /** Between two looks at whether Exchange noted a backup, and at a writer that is busy. */
  look: number
}

const looks = 6

/**
 * A full backup of Exchange:
 *
 *   System State ─▶ shadow copies ─▶ read, check, seal ─▶ staged ──push──▶ committed ─▶ end of backup: Exchange truncates
 *                        └─ hook held ────────────────────────┴── or holdForCommit is over ──┘
 *
 * Until all is staged, whatever fails leaves Exchange as it was. After `holdForCommit` the logs are truncated with staging as the only copy: then the run has
 * `advanced`, and what it staged is kept until the provider has it.
 */
export class FullSession implements Session {
  readonly #run: FullRun
  readonly #entries = new Map<string, UnitEntry>()
  #systemState: SystemState | undefined
  /** Removes what Windows Server Backup has written, until that is done. */
  #removeState: (() => Promise<void>) | undefined
  #frozen: Frozen | undefined
  #limit: NodeJS.Timeout | undefined
  #end: Promise<string[]> | undefined
  #advanced = false
  #lost: Failure | undefined

  constructor(run: FullRun) {
    this.#run = run
  }

  async *artefacts(): AsyncGenerator<StagedArtefact> {
    const { context, inventory } = this.#run
    context.step(2)
    yield* this.#systemStateFiles()
    context.step(3)
    const frozen = await this.#freeze()
    context.step(4)
    const copies: CopyOfDatabase[] = []
    for (const verdict of this.#run.verdicts) {
      const { database } = verdict
      if (verdict.how === 'leave-out') {
        if (verdict.warn) context.warn('database-left-out', `${database.name}: ${verdict.reason}`)
        continue
      }
      const copy = await copyOfDatabase(database, verdict.passive, path => this.#shown(path, frozen.exposures))
      for (const warning of copy.warnings) context.warn('exchange-database', warning)
      this.#entries.set(database.name, entryFor(copy, frozen.at))
      copies.push(copy)
    }
    const folders = folderNames(inventory.databases.map(({ name }) => name))
    const alone = copies.length === 1
    for (const [i, copy] of copies.entries())
      yield* filesOf(copy, {
        folder: folders.get(copy.database.name)!,
        order: (i + 1) * 2 ** 40,
        alone,
        warn: context.warn,
        check: () => this.#check(),
      })
    yield* this.#metadata(frozen)
    yield resultsArtefact('exchange.json', documentOf(this.#run, copies, this.#systemState))
  }

  units(): UnitEntry[] {
    this.#check()
    const { inventory } = this.#run
    const databases = inventory.databases.flatMap(({ name }) => this.#entries.get(name) ?? [])
    const state = this.#systemState && systemStateEntry(this.#systemState, this.#frozen!.at, inventory.server)
    return state ? [state, ...databases] : databases
  }

  /** All of it lies sealed on this disk or at the provider: from now on the backup is open for no longer than was agreed. */
  staged(): void {
    const { settings, context } = this.#run
    this.#limit = globalThis.setTimeout(() => {
      if (context.signal.aborted) return
      context.warn(
        'exchange-ended-early',
        `the provider has not committed the backup within ${formatSeconds(settings.holdForCommit)}: it is ended now, with staging as the only copy of the truncated logs`,
      )
      this.#endOnce().catch(() => {}) // told to whoever ends the session
    }, settings.holdForCommit * 1000)
  }

  get advanced(): boolean {
    return this.#advanced
  }

  async committed(): Promise<{ notes: string[] }> {
    clearTimeout(this.#limit)
    return { notes: await this.#endOnce() }
  }

  async close(): Promise<void> {
    clearTimeout(this.#limit)
    try {
      if (this.#end) await this.#end
      else await this.#frozen?.abandon()
      await this.#frozen?.remove()
    } finally {
      await this.#removeState?.()
    }
  }

  #check(): void {
    this.#run.context.signal.throwIfAborted()
    if (this.#lost) throw this.#lost
  }

  async *#systemStateFiles(): AsyncGenerator<StagedArtefact> {
    const { inventory, context } = this.#run
    const { systemState } = inventory.policy
    if (!systemState) return
    const { scratch, signal, now, warn } = context
    const job = scratch.split(/[\\/]/).at(-2)!
    const state = await takeSystemState(systemState.target, inventory, { directory: scratch, job, signal, now })
    this.#systemState = state
    this.#removeState = async () => {
      await removeSystemState(state.root, scratch)
      this.#removeState = undefined
    }
    if (!inventory.isDomainController)
      context.warn(
        'active-directory-elsewhere',
        'the System State of this server does not hold Active Directory, where Exchange keeps its configuration: that has to be backed up on a domain controller',
      )
    const unread = new Set(state.files)
    const remove = () => this.#removeState?.()
    for (const [order, file] of state.files.entries())
      yield {
        name: `system-state/${file.name}`,
        role: 'system-state',
        unit: systemStateUnit,
        order,
        async *read() {
          yield* readWhole(file)
          unread.delete(file)
          // The whole tree is ours: when all of it is sealed, its room is given back.
          if (unread.size === 0)
            await remove()?.catch(error => {
              warn('system-state-left', `${state.root} could not be removed: ${messageOf(error)}`)
            })
        },
      }
  }

  async #freeze(): Promise<Frozen> {
    const { inventory, verdicts, writers, context, hook, pauses } = this.#run
    const { scratch, signal, warn, now } = context
    const taken = verdicts.flatMap(verdict => (verdict.how === 'take' ? [verdict] : []))
    const paths = taken.flatMap(({ database: { edb, logFolder } }) => [edb, logFolder])
    const volumes = [...new Set(paths.map(path => volumeOf(path, inventory.volumes)))]
    const others = new Set(writers.map(({ id }) => id).filter(id => id !== exchangeWriter))
    const frozen = await Frozen.make(
      {
        parts: {
          server: inventory.server,
          otherWriters: [...others],
          taken: taken.map(({ database: { guid }, passive }) => ({ guid, passive })),
          left: leftHere(verdicts, inventory),
          exposures: exposuresFor(volumes, inventory.letters),
        },
        directory: scratch,
        hook,
        pauses: pauses.freeze,
        signal,
        warn,
      },
      now,
    )
    this.#frozen = frozen
    frozen.watch(failure => {
      this.#lost ??= failure
    })
    return frozen
  }

  #shown(path: string, exposures: readonly Exposure[]): string {
    const volume = volumeOf(path, this.#run.inventory.volumes)
    const { letter } = exposures.find(exposure => exposure.volume === volume)!
    return pathOn(letter, path, volume)
  }

  async *#metadata({ metadata }: Frozen): AsyncGenerator<StagedArtefact> {
    const size = await stat(metadata).then(
      found => found.size,
      () => undefined, // a restore by file does without it
    )
    if (size === undefined) return
    yield {
      name: 'vss/exch.cab',
      role: 'config',
      unit: 'server',
      order: 2 ** 39,
      read: () => readWhole({ path: metadata, size }),
    }
  }

  #endOnce(): Promise<string[]> {
    this.#end ??= this.#endBackup()
    return this.#end
  }

  async #endBackup(): Promise<string[]> {
    const { verdicts, context, plan } = this.#run
    context.step(plan.steps.length)
    // From here on Exchange may truncate, whatever becomes of this process.
    this.#advanced = true
    const { hook, gone, ended } = await this.#frozen!.end()
    const taken = verdicts.flatMap(verdict => (verdict.how === 'take' ? [verdict] : []))
    const active = taken.flatMap(({ database, passive }) => (passive ? [] : [database]))
    const passive = taken.flatMap(each => (each.passive ? [each.database.name] : []))
    try {
      // Whatever failed may have done so behind the end of the backup, which Exchange notes a while later.
      const unstamped = await this.#unstamped(active, gone ? 1 : looks)
      const { advanced, notes } = judgeEnd({ hook, ended, active: active.length, unstamped, passive })
      this.#advanced = advanced
      return notes
    } catch (error) {
      return [`The backup of Exchange is ended; whether Exchange noted it is not known: ${messageOf(error)}`]
    }
  }

  /** Names of databases of which Exchange noted no backup. It notes one a while after its end. */
  async #unstamped(databases: readonly Before[], times: number): Promise<string[]> {
    const { settings, pauses } = this.#run
    // Not under the signal of the run: what was begun here is brought to its end.
    const { signal } = new AbortController()
    for (let time = 1; ; time++) {
      const left = await notNoted(settings, databases, signal)
      if (left.length === 0 || time >= times) return left.map(({ name }) => name)
      await setTimeout(pauses.look, undefined)
    }
  }
}

/** What has files on this server, in the writer's eyes, and is not backed up. Dismounted and recovery databases are no components. */
function leftHere(verdicts: readonly FullVerdict[], { server }: Inventory) {
  return verdicts.flatMap(({ how, database: { guid, activeOn, recovery, mounted } }) => {
    if (recovery || how === 'take') return []
    const passive = activeOn.toLowerCase() !== server.toLowerCase()
    return passive || mounted ? [{ guid, passive }] : []
  })
}
