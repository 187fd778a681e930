import { type Command, CommanderError } from 'commander'
import { Failure } from '../../shared/failure.ts'
import { type ExitCode, exit } from '../exit.ts'
import type { Terminal } from './terminal.ts'
import type { Verb } from './verbs.ts'
import { reporterFor, tell, Work } from './work.ts'

export async function runVerb(verb: Verb, parameters: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const work = new Work(terminal)
  const command = (await verb.load()).define(work)
  quieten(command, terminal)
  try {
    await command.parseAsync(parameters, { from: 'user' })
    return work.code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return exit.done
    // `failsafe kit` alone: commander has printed the help, and that is all there is to say.
    if (error.code === 'commander.help') return exit.usage
    const what = error.message.replace(/^error: /, '')
    const fix = `See: failsafe ${verb.name} --help`
    return refuse(new Failure('usage', what[0]!.toUpperCase() + what.slice(1), { fix }), parameters, terminal)
  }
}

/** Tells an error of the command line itself, when its options are not known yet. */
export function refuse(failure: Failure, parameters: readonly string[], terminal: Terminal): ExitCode {
  return tell(terminal, reporterFor(terminal, parameters.includes('--json')), failure)
}

/** Commander must neither end the process nor write errors itself. */
function quieten(command: Command, terminal: Pick<Terminal, 'stdout' | 'stderr'>): void {
  command.exitOverride().configureOutput({
    writeOut: text => void terminal.stdout.write(text),
    writeErr: text => void terminal.stderr.write(text),
    outputError: () => {},
  })
  for (const sub of command.commands) quieten(sub, terminal)
}
