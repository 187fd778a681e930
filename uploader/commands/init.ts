import type { ReadStream } from 'node:tty'
import { z } from 'zod'
import { Failure } from '../../shared/failure.ts'
import { Label } from '../../shared/ids.ts'
import { type Config, loadConfig, parseConfig } from '../config/load.ts'
import { defaultPlaces } from '../config/places.ts'
import { worst } from '../doctor/check.ts'
import { allDetectors } from '../engines/detectors.ts'
import { exit } from '../exit.ts'
import { type Added, initialise } from '../init/init.ts'
import { assumed, type Questions } from '../init/questions.ts'
import { consult, linesOf } from './doctor.ts'
import { verb } from './help.ts'
import { checked } from './options.ts'
import type { Terminal } from './terminal.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  yes?: boolean
  connect?: string
  name?: string
  account: boolean
  user: string
  administrator?: string
}

const UserName = z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/)
const userFix = 'Give a name of letters, digits, dot, underscore and hyphen.'

export function define(work: Work) {
  return verb('init', {
    summary:
      'Finds the databases of this machine, makes an account for backups in them, writes failsafe.yaml and runs the doctor. Never required: the file is enough.',
    examples: [
      'failsafe init',
      'failsafe init --yes',
      'failsafe init --yes --connect 127.0.0.1:3307 --name crm --no-account',
    ],
    codes: [exit.warnings],
  })
    .option('--yes', 'ask nothing: take everything that is found, and make the accounts')
    .option(
      '--connect <address>',
      'only what is there: the path of a socket, host:port, HOST\\INSTANCE, or the notes.ini of a Domino server',
    )
    .option(
      '--name <name>',
      'what to call the source',
      checked(Label, 'Give letters, digits, space, dot, underscore and hyphen.'),
    )
    .option('--user <user>', 'the account for backups', checked(UserName, userFix), 'failsafe')
    .option(
      '--administrator <user>',
      'who makes it; root of MySQL and sa of SQL Server if not given (password: FAILSAFE_ADMINISTRATOR_PASSWORD, or asked for)',
      checked(UserName, userFix),
    )
    .option('--no-account', 'make no account, but show the statements for it')
    .action((options: Options) => work.run(options, job => run(options, job)))
}

async function run(options: Options, job: Job) {
  const { terminal, reporter, say } = job
  const config = await configOrNew(options, terminal)
  const added = await initialise({
    config,
    detectors: await allDetectors(),
    questions: await questionsFor(options, terminal),
    address: options.connect,
    name: options.name,
    account: options.user,
    administrator: options.account
      ? { user: options.administrator, password: terminal.env.FAILSAFE_ADMINISTRATOR_PASSWORD }
      : undefined,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: terminal.platform,
    signal: terminal.signal,
    say,
  })
  const checks = await consult(undefined, options, job)
  const outcome = worst(checks)
  reporter.summary({
    json: { config: config.path, added, outcome, checks },
    lines: [...added.flatMap(source => describe(source, config.path)), '', ...linesOf(checks)],
  })
  // What the doctor found is yet to be done (a host may be enrolled later); init itself has done its work.
  return outcome === 'ok' ? exit.done : exit.warnings
}

/** A file that was named and is not there is the one to be made. */
async function configOrNew(options: Options, { env, platform }: Terminal): Promise<Config> {
  try {
    return await loadConfig(options.config, env, platform)
  } catch (error) {
    const path = options.config ?? env.FAILSAFE_CONFIG
    if (!(error instanceof Failure) || error.code !== 'config-missing' || path === undefined) throw error
    return parseConfig('', path, defaultPlaces(platform, env).state)
  }
}

function describe({ name, what, passwordFile, statements }: Added, path: string): string[] {
  const lines = [`${what} is the source ${name} in ${path}; back it up with: failsafe backup ${name}`]
  if (statements.length > 0)
    lines.push(
      `Before that, have an administrator run${passwordFile === undefined ? '' : `, with the password in ${passwordFile}`}:`,
      ...statements.map(statement => `  ${statement}${passwordFile === undefined ? '' : ';'}`),
    )
  return lines
}

async function questionsFor({ yes, json }: Options, { stdin, stderr }: Terminal): Promise<Questions> {
  if (yes) return assumed
  if (!json && (stdin as ReadStream).isTTY && stderr.isTTY)
    return (await import('../init/ask.ts')).asking(stdin, stderr)
  throw new Failure('usage', 'There is nobody to ask', {
    why: 'init asks on a terminal',
    fix: 'Add --yes, and what is not to be assumed: see failsafe init --help',
  })
}
