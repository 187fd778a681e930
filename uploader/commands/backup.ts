import { Option } from 'commander'
import type { BackupMode } from '../backup/backup.ts'
import { runBackup } from '../backup/run-backup.ts'
import { summaryOf } from '../backup/summary.ts'
import { loadConfig, type SourceConfig, sourceNamed } from '../config/load.ts'
import { engineFor } from '../engines/registry.ts'
import { exit } from '../exit.ts'
import { actAsOwner } from '../state/act-as-owner.ts'
import { version } from '../version.ts'
import { connect, patience } from './connect.ts'
import { verb } from './help.ts'
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
  const loaded = await loadConfig(options.config, terminal.env, terminal.platform)
  const source = sourceNamed(loaded, name)
  await actAsOwner(loaded.state.dir)
  const engine = await engineFor(source.engine)
  const settings = source.settings(engine.settings)
  const { agent, config, receiver } = await connect(options, terminal, {
    patience: patience.backup,
    grace: 20_000,
  })
  const { staging, upload } = config
  const result = await runBackup({
    source: name,
    engine,
    settings,
    mode: options.mode,
    receiver,
    agent,
    staging,
    upload,
    schedule: scheduleOf(source),
    uploader: version,
    reporter,
    signal: terminal.signal,
    now: terminal.now,
  })
  reporter.summary(summaryOf(result))
  return result.warnings.length > 0 ? exit.warnings : exit.done
}

/** What the receiver needs in order to notice runs that do not come. */
function scheduleOf({ schedule }: SourceConfig) {
  if (!schedule) return {}
  const { full, differential, log, timeZone } = schedule
  const times = Object.entries({ full, differential, log }).filter(([, cron]) => cron !== undefined)
  return { schedule: Object.fromEntries(times), ...(timeZone === undefined ? {} : { timeZone }) }
}
