import { Failure } from '../../shared/failure.ts'
import { helperVerb } from '../engines/domino/helper/verb.ts'
import { hookWord } from '../engines/exchange/shadow/hook-words.ts'
import type { ExitCode } from '../exit.ts'
import { version } from '../version.ts'
import type { Terminal } from './terminal.ts'
import { tasks, type Verb } from './verbs.ts'

/**
 * Runs one command line to its end and returns the exit code; everything that is said has been written then.
 * @param args without the program's own name
 */
export async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first = '--help', ...rest] = args
  if (first === helperVerb) return (await import('../engines/domino/notes/serve.ts')).serve()
  if (first === '--version' || first === '-V') return print(terminal, version)
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) return print(terminal, help())
  // No verb: what Windows starts while a backup of Exchange is open.
  if (first === hookWord) return (await import('../engines/exchange/shadow/hook.ts')).hook(rest)
  const verb = verbNamed(first === 'help' ? rest[0]! : first)
  const parameters = first === 'help' ? ['--help'] : rest
  const { runVerb, refuse } = await import('./run-verb.ts')
  if (verb) return runVerb(verb, parameters, terminal)
  return refuse(
    new Failure('usage', `There is no verb ${JSON.stringify(first)}`, { fix: 'See: failsafe --help' }),
    args,
    terminal,
  )
}

function verbNamed(name: string): Verb | undefined {
  return tasks.flatMap(({ verbs }) => verbs).find(verb => verb.name === name)
}

function print({ stdout }: Terminal, text: string): ExitCode {
  stdout.write(`${text}\n`)
  return 0
}

function help(): string {
  const width = Math.max(...tasks.flatMap(({ verbs }) => verbs.map(({ usage }) => usage.length)))
  const sections = tasks.map(({ task, verbs }) =>
    [`${task}:`, ...verbs.map(({ usage, summary }) => `  failsafe ${usage.padEnd(width)}  ${summary}`)].join('\n'),
  )
  return [
    'FailSafe Online Backup: backs up the databases of this server to your provider, sealed so that only you can open them.',
    ...sections,
    'More about one verb, with an example and its exit codes: failsafe <verb> --help',
  ].join('\n\n')
}
