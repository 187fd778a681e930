import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { defaultPlaces } from '../config/places.ts'
import { ask } from '../control/ask.ts'
import { Stopping } from '../control/requests.ts'
import { type ExitCode, exit } from '../exit.ts'
import { formatTable } from '../output/format.ts'
import { ownCommand } from '../own-command.ts'
import { thisHost } from '../service/host.ts'
import { commandOf, needsOf } from '../service/needs.ts'
import type { Service } from '../service/service.ts'
import { systemdService } from '../service/systemd/service.ts'
import { taskService } from '../service/windows/service.ts'
import { findAgent } from '../state/store.ts'
import { verb } from './help.ts'
import type { Terminal } from './terminal.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  root?: string
}

const acts = {
  install:
    'Has the system start failsafe with the machine, and starts it now. May be given again after every change of failsafe.yaml.',
  uninstall: 'Ends that for good. Configuration, state and staging stay.',
  start: 'Starts the service.',
  stop: 'Stops the service until the next start of the machine.',
} as const
type Act = keyof typeof acts

export function define(work: Work) {
  const command = new Command('failsafe service')
    .description('The daemon as a service of the system: a unit of systemd, or a start-up task on Windows.')
    .helpOption('-h, --help', 'this help')
  for (const act of Object.keys(acts) as Act[]) command.addCommand(actVerb(act, work))
  return command.addCommand(
    withRoot(
      verb('service status', {
        summary: 'Says whether the service is there and runs; 3 if it does not.',
        examples: ['failsafe service status --json'],
        codes: [exit.warnings],
      }).name('status'),
    ).action((options: Options) => work.run(options, job => status(options, job))),
  )
}

function actVerb(act: Act, work: Work) {
  return withRoot(
    verb(`service ${act}`, { summary: acts[act], examples: [`failsafe service ${act}`], codes: [] }).name(act),
  ).action((options: Options) => work.run(options, job => run(act, options, job)))
}

function withRoot(command: Command): Command {
  return command.option(
    '--root <dir>',
    'the system whose files are below this directory: an image, in which nothing is started',
    '/',
  )
}

async function run(act: Act, options: Options, { terminal, reporter }: Job): Promise<ExitCode> {
  const done = await (await serviceFor(options, terminal))[act]()
  reporter.summary({ json: { done: act, said: done }, lines: done })
  return exit.done
}

async function status(options: Options, { terminal, reporter }: Job): Promise<ExitCode> {
  const found = await (await serviceFor(options, terminal)).status()
  const rows = Object.entries(found).map(([what, is]) => [what, is ? 'yes' : 'no'])
  reporter.summary({ json: { ...found }, lines: formatTable(rows) })
  return found.installed && found.running ? exit.done : exit.warnings
}

async function serviceFor({ config: named, root = '/' }: Options, { env, platform }: Terminal): Promise<Service> {
  const path = named ?? env.FAILSAFE_CONFIG ?? defaultPlaces(platform, env).config
  // On Windows a path begins with the letter of a drive and not with the root.
  const inside = (place: string) => (root === '/' ? place : join(root, place))
  const config = await loadConfig(inside(path), env, platform)
  const state = config.state.dir
  const command = await commandOf(ownCommand(), resolve(path))
  const enrolled = (await findAgent(inside(state))) !== undefined
  const host = thisHost(resolve(root))
  if (platform === 'win32') return taskService({ host, command, stop: () => askToStop(state), enrolled })
  return systemdService({ host, command, config: resolve(path), state, needs: await needsOf(config), enrolled })
}

/** @returns the process that is about to end, or undefined where none runs */
async function askToStop(state: string): Promise<number | undefined> {
  return (await ask(state, 'daemon', { ask: 'stop' }, Stopping))?.pid
}
