import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, messageOf } from '../../shared/failure.ts'
import { lastGoodIn } from '../config/last-good.ts'
import { type Config, loadConfig } from '../config/load.ts'
import { engineFor } from '../engines/registry.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { writeDurably } from '../files/write.ts'

/**
 * The configuration that runs go by: the last one that was right. It is kept as a copy beside the state, which the runs are given, so that a file that
 * is being edited, or is wrong, harms none of them.
 */
export class Configuration {
  readonly #load: () => Promise<Config>
  readonly #now: () => Date
  readonly path: string
  /** Where the runs read it. */
  readonly copy: string
  current: Config
  loadedAt: Date
  problem: string | undefined
  /** What the file looked like when it was read last, and at the last look. */
  #read: string
  #seen: string

  private constructor(load: () => Promise<Config>, now: () => Date, config: Config, print: string) {
    this.#load = load
    this.#now = now
    this.current = config
    this.path = config.path
    this.copy = lastGoodIn(config.state.dir)
    this.loadedAt = now()
    this.#read = print
    this.#seen = print
  }

  /** @throws Failure where it is wrong: there is none before it to go by */
  static async open(
    named: string | undefined,
    { env, platform, now }: { env: NodeJS.ProcessEnv; platform: NodeJS.Platform; now: () => Date },
  ): Promise<Configuration> {
    const load = () => loadConfig(named, env, platform)
    const config = await load()
    const print = await printOf(config.path)
    await check(config)
    const configuration = new Configuration(load, now, config, print)
    await configuration.#keep(config)
    return configuration
  }

  /**
   * Looks whether the file has changed, and reads it when it has come to rest: who writes it may be half done.
   * @returns `wrong` where it cannot be gone by, once for each reason: the old one stays, and `problem` says why
   */
  async look(): Promise<'same' | 'changed' | 'wrong'> {
    const print = await printOf(this.path)
    const rested = print === this.#seen
    this.#seen = print
    if (print === this.#read || !rested) return 'same'
    try {
      // The default file may be absent, but not all of a sudden.
      if (print === absent) throw new Failure('config-missing', `There is no configuration file ${this.path} any more`)
      const config = await this.#load()
      await check(config)
      if (config.state.dir !== this.current.state.dir)
        throw new Failure('config-invalid', 'state.dir has changed, which takes a restart', {
          fix: 'Start the service anew, or change it back',
        })
      await this.#keep(config)
      this.#read = print
      this.current = config
      this.problem = undefined
      this.loadedAt = this.#now()
      return 'changed'
    } catch (error) {
      // Anything else is not the file's fault: the next look may go well.
      if (error instanceof Failure) this.#read = print
      const problem = error instanceof Failure ? error.line : messageOf(error)
      const known = problem === this.problem
      this.problem = problem
      return known ? 'same' : 'wrong'
    }
  }

  async #keep({ text }: Config): Promise<void> {
    await makeDirectory(dirname(this.copy), 0o700)
    await writeDurably(this.copy, text)
  }
}

const absent = 'absent'

/** Changes whenever the file is written, replaced, or given other rights. */
async function printOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path)
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? absent : String(code)
  }
}

/** Also what belongs to the engines. @throws Failure `config-invalid` or `engine-unavailable` */
async function check({ sources }: Config): Promise<void> {
  for (const source of sources.values()) source.settings((await engineFor(source.engine)).settings)
}
