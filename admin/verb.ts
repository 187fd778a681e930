import { Command, InvalidArgumentError } from 'commander'
import { Failure, messageOf } from '../shared/failure.ts'
import { type AccessOptions, findAccess } from './access.ts'
import { AdminReceiver } from './receiver.ts'

/** What all verbs take. */
export interface Common extends AccessOptions {
  json?: boolean
}

/** What a verb found out: `json` for programs, `lines` for people. */
export interface Outcome {
  json: unknown
  lines: string[]
  /** Instead of lines: a whole document, such as CSV. */
  text?: string
}

/** A verb with the options that all have. */
export function verb(name: string, summary: string, example: string): Command {
  return new Command(name)
    .description(summary)
    .helpOption('-h, --help', 'this help')
    .option('--url <url>', 'address of the receiver (or FAILSAFE_RECEIVER)')
    .option('--local <dir>', 'directory of an embedded cloud, instead; .failsafe-local if it is there')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExample:\n  ${example}\n\nExit codes:\n  0  done\n  1  failed\n  2  wrong usage\n  5  the AWS credentials are missing or refused`,
    )
}

/** Runs a verb's work and prints its outcome or its error; never throws. */
export async function perform(options: Common, work: (receiver: AdminReceiver) => Promise<Outcome>): Promise<void> {
  try {
    const { json, lines, text } = await work(new AdminReceiver(await findAccess(options)))
    const forPeople = text ?? lines.map(line => `${line}\n`).join('')
    process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : forPeople)
  } catch (error) {
    tell(error, options.json === true)
  }
}

export function tell(error: unknown, json: boolean): void {
  const failure = error instanceof Failure ? error : new Failure('unexpected', messageOf(error), { cause: error })
  const { code, message, why, fix } = failure
  if (json) process.stdout.write(`${JSON.stringify({ type: 'error', code, message, why, fix })}\n`)
  process.stderr.write(`Error: ${failure.line}\n`)
  if (process.env.FAILSAFE_DEBUG === '1') console.error(error)
  process.exitCode = exitCodes[code] ?? 1
}

const exitCodes: Record<string, number> = {
  usage: 2,
  'receiver-unknown': 2,
  'region-unknown': 2,
  'local-unreadable': 2,
  'credentials-missing': 5,
  'credentials-refused': 5,
}

/** Seconds in `10m`, `24h` or `7d`, for commander. */
export function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (unit === undefined) throw new InvalidArgumentError('Give a time such as 10m, 24h or 7d.')
  return Number(number) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd']
}

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number above zero.')
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows.map(row => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '))
}
