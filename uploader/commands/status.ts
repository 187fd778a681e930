import { loadLastGood } from '../config/last-good.ts'
import { exit } from '../exit.ts'
import { gatherStatus } from '../status/gather.ts'
import { renderStatus } from '../status/render.ts'
import { warningsOf } from '../status/warnings.ts'
import { connect } from './connect.ts'
import { verb } from './help.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
}

/** Whoever asks how things stand wants to know even without the receiver. */
const patience = 3000

export function define(work: Work) {
  return verb('status', {
    summary:
      'Shows what is going on here: next runs, last outcomes, a backup that is being made, and what somebody has to do something about (then it ends with 3).',
    examples: ['failsafe status', 'failsafe status --json'],
    codes: [exit.warnings, exit.refused],
  }).action((options: Options) => work.run(options, job => run(options, job)))
}

async function run(options: Options, { terminal, reporter }: Job) {
  const { config, problem } = await loadLastGood(options.config, terminal.env, terminal.platform)
  const { agent, receiver } = await connect({ config: config.path }, terminal, { patience })
  const status = await gatherStatus(config, agent, receiver)
  const scheduled = [...config.sources.values()].some(({ schedule }) => schedule !== undefined)
  const warnings = warningsOf(status, { scheduled, problem })
  reporter.summary({ json: { ...status, warnings }, lines: renderStatus(status, warnings) })
  return warnings.length > 0 ? exit.warnings : exit.done
}
