import { Failure } from '../../shared/failure.ts'
import { loadLastGood } from '../config/last-good.ts'
import { ask } from '../control/ask.ts'
import { Cancelled } from '../control/requests.ts'
import { exit } from '../exit.ts'
import { runsInFlight } from '../status/runs.ts'
import { verb } from './help.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
}

/** A run tells the receiver and releases the source before it ends. */
const longest = 90_000

export function define(work: Work) {
  return verb('cancel', {
    summary: 'Ends the backup of a source that is going on, whoever started it; returns when the source is released.',
    examples: ['failsafe cancel shop'],
    codes: [],
  })
    .argument('<source>', 'its name in failsafe.yaml')
    .action((source: string, options: Options) => work.run(options, job => run(source, options, job)))
}

async function run(source: string, options: Options, { terminal, reporter, say }: Job) {
  const { config } = await loadLastGood(options.config, terminal.env, terminal.platform)
  const state = config.state.dir
  const going = (await runsInFlight(state)).find(each => each.source === source)
  if (!going)
    throw new Failure('no-run', `No backup of ${source} is going on here`, {
      fix: 'See what is: failsafe status',
    })
  say(`Ending the backup of ${source} (process ${going.pid})`)
  const cancelled = await ask(state, `run-${going.pid}`, { ask: 'cancel' }, Cancelled, longest)
  const said = cancelled?.said ?? null
  reporter.summary({
    json: { source, cancelled: said !== null, said },
    lines: [said === null ? `${source}: the backup was done before it could be ended` : `${source}: ${said}`],
  })
  return exit.done
}
