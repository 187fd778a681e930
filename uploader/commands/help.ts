import { Command, Option } from 'commander'
import { type ExitCode, exit } from '../exit.ts'

const meanings: Record<ExitCode, string> = {
  [exit.done]: 'done',
  [exit.failed]: 'failed; the source is untouched',
  [exit.usage]: 'wrong usage or configuration',
  [exit.warnings]: 'done, with warnings',
  [exit.sourceAdvanced]: 'failed after the source had advanced; what was staged is kept: run it again',
  [exit.refused]: 'not enrolled, or refused by the receiver',
  [exit.held]: 'another run holds the source',
  [exit.interrupted]: 'interrupted',
}

const always: ExitCode[] = [exit.done, exit.failed, exit.usage, exit.interrupted]

/** A verb with the options that all have, and with help that ends in examples and exit codes. */
export function verb(name: string, about: { summary: string; examples: string[]; codes: ExitCode[] }): Command {
  const codes = [...always, ...about.codes].sort((a, b) => a - b)
  return new Command(`failsafe ${name}`)
    .description(about.summary)
    .helpOption('-h, --help', 'this help')
    .option('--config <file>', 'configuration file (or FAILSAFE_CONFIG)')
    .option('--json', 'one JSON object per line on stdout; the last is the summary or the error')
    .addHelpText(
      'after',
      [
        '\nExamples:',
        ...about.examples.map(example => `  ${example}`),
        '\nExit codes:',
        ...codes.map(code => `  ${String(code).padStart(3)}  ${meanings[code]}`),
      ].join('\n'),
    )
}

export function identityOption(description: string): Option {
  return new Option('--identity <file>', `${description} (or - for stdin, or FAILSAFE_IDENTITY)`)
}
