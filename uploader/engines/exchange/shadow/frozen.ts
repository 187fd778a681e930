import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../../../shared/failure.ts'
import type { BackupContext } from '../../engine.ts'
import { Diskshadow, type Ended, shadowIdsIn } from './diskshadow.ts'
import { Gate } from './gate.ts'
import { logIn, recordOf, writeRecord } from './record.ts'
import { removeShadows } from './remove.ts'
import { backupScript, type Exposure, hookFile, type ScriptParts } from './script.ts'

export interface FreezeOptions {
  parts: Omit<ScriptParts, 'files'>
  /** Of this run alone; it is made. */
  directory: string
  /** The command line of the hook, but for what tells it where to wait. */
  hook: readonly string[]
  /** Milliseconds before each further attempt at what may pass. */
  pauses: readonly number[]
  signal: AbortSignal
  warn: BackupContext['warn']
}

/** Time-outs, writers that say that they may be asked again, and another backup that is making its shadow copies. */
const mayPass = new Set(['800423F2', '800423F3', '80042314', '80042316'])

const meanings: Record<string, string> = {
  '800423F2': 'a writer held still for too long',
  '800423F3': 'a writer could not take part, and may be asked again',
  '800423F4': 'a writer refused to take part',
  '80042306': 'the provider of shadow copies failed',
  '80042308': 'a volume is not there',
  '8004230C': 'a volume cannot have shadow copies',
  '80042314': 'the provider could not hold writes for so long',
  '80042316': 'another backup is making shadow copies',
  '8004231F': 'there is not enough room for the differences (vssadmin list shadowstorage)',
}

/**
 * Shadow copies that are shown, with the backup of Exchange still open. `end` lets Exchange truncate its logs, `abandon` keeps it from doing so; after one of them
 * comes `remove`, always.
 */
export class Frozen {
  readonly exposures: readonly Exposure[]
  /** Where diskshadow wrote what a restore by the writer needs. */
  readonly metadata: string
  readonly at: Date
  readonly #options: FreezeOptions
  readonly #gate: Gate
  readonly #diskshadow: Diskshadow
  readonly #ids: () => string[]
  #ending = false

  constructor(
    options: FreezeOptions,
    { gate, diskshadow, ids, at }: { gate: Gate; diskshadow: Diskshadow; ids: () => string[]; at: Date },
  ) {
    this.#options = options
    this.#gate = gate
    this.#diskshadow = diskshadow
    this.#ids = ids
    this.exposures = options.parts.exposures
    this.metadata = filesIn(options.directory).metadata
    this.at = at
  }

  /**
   * Makes the shadow copies. Where that fails, nothing of it is left, and nothing was truncated.
   * @throws Failure `exchange-shadow-failed`
   */
  static async make(options: FreezeOptions, now: () => Date): Promise<Frozen> {
    const { pauses, signal, warn } = options
    for (let attempt = 0; ; attempt++) {
      const made = await attemptOnce(options, now)
      if (made instanceof Frozen) return made
      const code = made.result
      const pause = pauses[attempt]
      if (code === undefined || !mayPass.has(code) || pause === undefined) throw shadowFailed(made)
      warn(
        'exchange-shadow-again',
        `the shadow copies could not be made (${code}: ${meanings[code]}); again in ${Math.ceil(pause / 60_000)} minutes, attempt ${attempt + 2}`,
      )
      await setTimeout(pause, undefined, { signal })
    }
  }

  /** Told once, where diskshadow ends by itself: the copies may go away with it. */
  watch(onLost: (failure: Failure) => void): void {
    void this.#diskshadow.ended.then(ended => {
      if (!this.#ending) onLost(shadowLost(ended))
    })
  }

  /**
   * Ends the backup.
   * @returns what diskshadow says; `hook`: whether it was let go for certain, `gone`: it went away before
   */
  async end(): Promise<{ hook: boolean; gone: boolean; ended: Ended }> {
    this.#ending = true
    const gone = this.#gate.lost
    const hook = await this.#gate.letGo()
    const ended = await this.#diskshadow.ended
    this.#gate.close()
    return { hook, gone, ended }
  }

  /** Keeps Exchange from truncating. */
  async abandon(): Promise<void> {
    this.#ending = true
    this.#gate.close()
    await this.#diskshadow.ended
  }

  /** The script removes the copies itself, unless it stopped before. @throws Failure `exchange-shadow-left` */
  async remove(): Promise<void> {
    await cleanUp(this.#options, this.#ids())
  }
}

async function attemptOnce(options: FreezeOptions, now: () => Date): Promise<Frozen | Ended> {
  const { parts, directory, hook, signal } = options
  signal.throwIfAborted()
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const gate = await Gate.open()
  let output = ''
  const ids = () =>
    shadowIdsIn(
      output,
      parts.exposures.map(({ alias }) => alias),
    )
  let diskshadow: Diskshadow | undefined
  try {
    const files = filesIn(directory)
    await writeFile(files.hook, hookFile([...hook, gate.address, gate.token]), { mode: 0o700 })
    await writeFile(files.script, backupScript({ ...parts, files }), { encoding: 'ascii', mode: 0o600 })
    await writeRecord(directory, recordOf(parts.exposures, null))
    signal.throwIfAborted()
    // No later than the moment that the copies are of.
    const at = now()
    diskshadow = new Diskshadow(files.script, {
      directory,
      log: logIn(directory),
      onOutput: all => {
        output = all
      },
    })
    await writeRecord(directory, recordOf(parts.exposures, diskshadow.pid ?? null))
    const ended = await Promise.race([gate.arrived, diskshadow.ended])
    signal.throwIfAborted()
    if (!ended) return new Frozen(options, { gate, diskshadow, ids, at })
    gate.close()
    await cleanUp(options, ids())
    return ended
  } catch (error) {
    gate.close()
    await diskshadow?.ended.catch(() => {}) // the error that is told is the one that came first
    await cleanUp(options, ids())
    throw error
  }
}

/** Not under the signal of the run: what a run that is stopped has made is removed all the same. */
async function cleanUp({ directory, parts }: FreezeOptions, ids: readonly string[]): Promise<void> {
  await removeShadows(directory, recordOf(parts.exposures, null), ids, new AbortController().signal)
}

function filesIn(directory: string) {
  return {
    script: join(directory, 'backup.dsh'),
    hook: join(directory, 'hook.cmd'),
    metadata: join(directory, 'exch.cab'),
  }
}

function shadowFailed(ended: Ended): Failure {
  const { result } = ended
  const meaning = result === undefined ? undefined : meanings[result]
  return new Failure('exchange-shadow-failed', 'The shadow copies of the volumes could not be made', {
    why: `${meaning === undefined ? '' : `${meaning}; `}diskshadow said: ${wordsOf(ended)}`,
    fix: 'Nothing was truncated. Look with vssadmin list writers, and in the event log (ESE, MSExchangeRepl, VSS)',
    retriable: result !== undefined && mayPass.has(result),
  })
}

function shadowLost(ended: Ended): Failure {
  return new Failure('exchange-shadow-lost', 'The backup of Exchange ended before it was read', {
    why: `diskshadow said: ${wordsOf(ended)}`,
    fix: 'Nothing was truncated. See that nobody ends diskshadow or its hook, and that there is room for the differences; then run the backup again',
    retriable: true,
  })
}

/** From where something failed, or the end of what it said. */
export function wordsOf({ output, code }: Ended): string {
  const lines = output.split(/[\r\n]+/).map(line => line.trim())
  const told = lines.filter(Boolean)
  const failed = told.findIndex(line => /HRESULT/.test(line))
  const words = failed < 0 ? told.slice(-3) : told.slice(Math.max(0, failed - 1), failed + 2)
  return words.join(' / ') || `nothing, and ended with ${code}`
}
