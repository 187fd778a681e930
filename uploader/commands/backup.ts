import { Option } from 'commander'
import type { BackupMode } from '../backup/backup.ts'
import { beNice } from '../backup/be-nice.ts'
import { runBackup } from '../backup/run-backup.ts'
import { summaryOf } from '../backup/summary.ts'
import { loadConfig, sourceNamed } from '../config/load.ts'
import { controlledRun } from '../control/run.ts'
import { stopCompiling } from '../end-process.ts'
import { engineFor } from '../engines/registry.ts'
import { exit } from '../exit.ts'
import type { Reporter } from '../output/reporter.ts'
import { toldOf } from '../schedule/timetable.ts'
import { actAsOwner } from '../state/act-as-owner.ts'
import { KnownSourceFile } from '../state/known-source.ts'
import { PaceFile } from '../state/pace.ts'
import { loadAgent } from '../state/store.ts'
import { newSender } from '../transfer/sender.ts'
import { version } from '../version.ts'
import { connect } from './connect.ts'
import { verb } from './help.ts'
import type { Terminal } from './terminal.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
  mode: BackupMode
}

export function define(work: Work) {
  return verb('backup', {
    summary:
      'Backs up one source now: seals it on this host, sends it, and returns when the provider has committed it.',
    examples: ['failsafe backup shop', 'failsafe backup shop --mode full --json'],
    codes: [exit.warnings, exit.sourceAdvanced, exit.refused, exit.held],
  })
    .argument('<source>', 'its name in failsafe.yaml')
    .addOption(
      new Option('--mode <mode>', 'what to take; auto takes as little as will do')
        .choices(['auto', 'full', 'differential', 'log'])
        .default('auto'),
    )
    .action((source: string, options: Options) => work.run(options, job => run(source, options, job)))
}

async function run(name: string, options: Options, { terminal, reporter }: Job) {
  const { env, platform, signal } = terminal
  const config = await loadConfig(options.config, env, platform)
  const patience = sourceNamed(config, name).maxHold * 1000
  await actAsOwner(config.state.dir)
  await loadAgent(config.state.dir)
  if (config.nice !== undefined) beNice(config.nice)
  const about = { source: name, mode: options.mode, startedAt: terminal.now() }
  return controlledRun(config.state.dir, about, { reporter, signal }, (watched, stop) =>
    backUp(name, options, patience, { ...terminal, signal: stop }, watched),
  )
}

async function backUp(name: string, options: Options, patience: number, terminal: Terminal, reporter: Reporter) {
  const { agent, config, network, receiver } = await connect(options, terminal, { patience, grace: 20_000 })
  const source = sourceNamed(config, name)
  const engine = await engineFor(source.engine)
  const { staging, upload, state } = config
  const { put, concurrency } = newSender(network, upload)
  const schedule = toldOf(source.schedule)
  const result = await runBackup({
    source: name,
    engine,
    settings: source.settings(engine.settings),
    mode: options.mode,
    receiver,
    agent,
    staging,
    upload: { concurrency },
    put,
    patience,
    hold: { longest: source.maxHold, pace: new PaceFile(state.dir) },
    known: new KnownSourceFile(state.dir, agent.agent, name, { engine: source.engine, ...schedule }),
    schedule,
    onSent: stopCompiling,
    uploader: version,
    reporter,
    signal: terminal.signal,
    now: terminal.now,
  })
  reporter.summary(summaryOf(result))
  return result.warnings.length > 0 ? exit.warnings : exit.done
}
