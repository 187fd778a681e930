import { format } from 'node:util'
import { type ExitCode, exit, exitCodeOf, failureOf } from '../exit.ts'
import { JsonReporter } from '../output/json.ts'
import type { Reporter } from '../output/reporter.ts'
import { TextReporter } from '../output/text.ts'
import type { Terminal } from './terminal.ts'

/** What a verb works with. */
export interface Job {
  terminal: Terminal
  reporter: Reporter
  /** Talk that is no part of the result; silent with `--json`. */
  say(line: string): void
}

/** Runs one verb: gives it a reporter, tells its error, and remembers the exit code. */
export class Work {
  readonly terminal: Terminal
  code: ExitCode = exit.done

  constructor(terminal: Terminal) {
    this.terminal = terminal
  }

  async run(options: { json?: boolean }, verb: (job: Job) => Promise<ExitCode>): Promise<void> {
    const { terminal } = this
    const json = options.json === true
    const reporter = reporterFor(terminal, json)
    const say = (line: string) => {
      if (!json) terminal.stderr.write(`${line}\n`)
    }
    try {
      this.code = await verb({ terminal, reporter, say })
    } catch (error) {
      this.code = tell(terminal, reporter, error)
    }
  }
}

export function reporterFor({ stdout, stderr, env }: Terminal, json: boolean): Reporter {
  return json ? new JsonReporter(stdout) : new TextReporter({ talk: stderr, data: stdout, env })
}

/** Shows an error as a person is meant to see it; with FAILSAFE_DEBUG=1 also as a developer wants to. */
export function tell({ signal, env, stderr }: Terminal, reporter: Reporter, error: unknown): ExitCode {
  const failure = failureOf(error, signal)
  reporter.error(failure)
  if (env.FAILSAFE_DEBUG === '1') stderr.write(`${format(error)}\n`)
  return exitCodeOf(failure)
}
