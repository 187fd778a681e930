import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { Failure } from '../../shared/failure.ts'
import { ProgressBar } from './bar.ts'
import { printable } from './format.ts'
import type { Reporter, Summary } from './reporter.ts'

export interface TextOptions {
  /** Talk: steps, progress, warnings, errors. */
  talk: Writable & { isTTY?: boolean }
  /** Data: the summary. */
  data: Writable
  env: NodeJS.ProcessEnv
  /** Milliseconds of any steady clock. */
  now?: () => number
}

/** For people: numbered steps and a progress bar on `talk` (the bar on a terminal only), the summary on `data`. */
export class TextReporter implements Reporter {
  readonly #options: TextOptions
  readonly #bar: ProgressBar | undefined
  readonly #colours: boolean

  constructor(options: TextOptions) {
    const { talk, env, now = () => performance.now() } = options
    const terminal = talk.isTTY === true && env.TERM !== 'dumb'
    this.#options = options
    this.#bar = terminal ? new ProgressBar(talk, now) : undefined
    this.#colours = terminal && (env.NO_COLOR ?? '') === ''
  }

  plan({ source, engine, kind, promoted, steps }: Parameters<Reporter['plan']>[0]): void {
    this.#say(`Backing up ${source} (${engine}, ${kind}) in ${steps.length} steps`)
    if (promoted !== null) this.#say(`   ${promoted}`)
  }

  step(number: number, text: string): void {
    this.#say(`${number}. ${text}`)
  }

  progress(progress: { label: string; done: number; total: number | null }): void {
    this.#bar?.update(progress)
  }

  warning(_code: string, message: string): void {
    this.#say(message, this.#paint('yellow', 'Warning: '))
  }

  summary({ lines }: Summary): void {
    this.#bar?.clear()
    for (const line of lines) this.#options.data.write(`${printable(line)}\n`)
  }

  error(failure: Failure): void {
    this.#say(failure.line, this.#paint('red', 'Error: '))
  }

  /** What is said may hold names from elsewhere; only `mark` may steer the terminal. */
  #say(line: string, mark = ''): void {
    this.#bar?.clear()
    this.#options.talk.write(`${mark}${printable(line)}\n`)
  }

  #paint(colour: 'red' | 'yellow', text: string): string {
    return this.#colours ? styleText(colour, text, { validateStream: false }) : text
  }
}
