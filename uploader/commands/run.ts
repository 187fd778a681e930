import { join } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { serveControl } from '../control/serve.ts'
import { Book } from '../daemon/book.ts'
import { Configuration } from '../daemon/configuration.ts'
import { Contact } from '../daemon/contact.ts'
import { Daemon } from '../daemon/daemon.ts'
import { holdDaemon } from '../daemon/hold.ts'
import { loadMemories } from '../daemon/memory-file.ts'
import { startRun } from '../daemon/run-child.ts'
import { Runs } from '../daemon/runs.ts'
import { exit } from '../exit.ts'
import { Log, type Sink } from '../log/log.ts'
import { redactor } from '../log/redact.ts'
import { RotatingFile } from '../log/rotating-file.ts'
import { secretsIn } from '../log/secrets.ts'
import { eventProgram, isJournal, toEventLog, toFile, toStderr } from '../log/sinks.ts'
import { counted } from '../output/format.ts'
import { ownCommand } from '../own-command.ts'
import { actAsOwner } from '../state/act-as-owner.ts'
import { loadAgent } from '../state/store.ts'
import { systemClock } from '../transfer/clock.ts'
import { version } from '../version.ts'
import { connect } from './connect.ts'
import { verb } from './help.ts'
import type { Terminal } from './terminal.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
}

export function define(work: Work) {
  return verb('run', {
    summary:
      'Runs until it is stopped: starts the backups of every source by its schedule, makes up for those that were missed, and tries again what failed.',
    examples: ['failsafe run', 'failsafe run --config /etc/failsafe/failsafe.yaml'],
    codes: [exit.refused, exit.held],
  }).action((options: Options) => work.run(options, job => run(options, job)))
}

async function run(options: Options, job: Job) {
  const { env, platform } = job.terminal
  const { state } = await loadConfig(options.config, env, platform)
  await actAsOwner(state.dir)
  await loadAgent(state.dir)
  const held = await holdDaemon(state.dir)
  try {
    return await serve(options, state.dir, job)
  } finally {
    await held.release()
  }
}

/** The daemon, put together. The caller holds the state. */
async function serve(options: Options, state: string, { terminal, reporter }: Job) {
  const { now } = terminal
  const clock = { ...systemClock, now }
  const end = new AbortController()
  terminal.signal.addEventListener('abort', () => end.abort(), { once: true })
  if (terminal.signal.aborted) end.abort()

  const configuration = await Configuration.open(options.config, terminal)
  const { agent } = await loadAgent(state)
  const log = logOf(configuration, terminal)
  const reach = async () =>
    (await connect({ config: configuration.copy }, { ...terminal, signal: end.signal })).receiver
  const contact = new Contact(reach, { log, now, end: end.signal })
  const { memories, problem } = await loadMemories(state)
  if (problem !== undefined) log.warning(`What was due is asked of the receiver: ${problem}`)
  const book = new Book(configuration.current, agent, { memories, onProblem: text => log.error(text) })
  const runs = new Runs(
    (source, kind, onWarning) => {
      const parameters = ['backup', source, '--mode', kind, '--json', '--config', configuration.copy]
      return startRun([...ownCommand(), ...parameters], onWarning)
    },
    { state, clock, log },
  )
  const daemon = new Daemon({ configuration, book, runs, contact, log, clock, version, end })
  const control = await serveControl(state, 'daemon', request => daemon.answer(request))
  try {
    const { done, failed } = await daemon.run()
    const text = `Stopped after ${counted(done, 'backup')}${failed > 0 ? ` and ${counted(failed, 'failure')}` : ''}`
    reporter.summary({ json: { done, failed }, lines: [text] })
    return exit.done
  } finally {
    await control.close()
  }
}

function logOf(configuration: Configuration, { stderr, env, platform, now }: Terminal): Log {
  const { dir, ...size } = configuration.current.log
  const sinks: Sink[] = [toFile(new RotatingFile(join(dir, 'failsafe.log'), size)), toStderr(stderr, isJournal(env))]
  if (platform === 'win32')
    sinks.push(
      toEventLog(eventProgram(env), error => {
        stderr.write(`The event log does not take a failure: ${error.message}\n`)
      }),
    )
  return new Log(sinks, value => redactor(secretsIn(env, configuration.current.text))(value), now)
}
