import { type Check, type Outcome, worst } from '../doctor/check.ts'
import { examine } from '../doctor/doctor.ts'
import { type ExitCode, exit } from '../exit.ts'
import { counted, formatTable } from '../output/format.ts'
import { connect } from './connect.ts'
import { verb } from './help.ts'
import type { Job, Work } from './work.ts'

interface Options {
  config?: string
  json?: boolean
}

export function define(work: Work) {
  return verb('doctor', {
    summary:
      'Looks at everything that backups need: configuration, enrolment, clock, network, staging, rights, logs and schedules, and sends one small part. Changes nothing.',
    examples: ['failsafe doctor', 'failsafe doctor shop --json'],
    codes: [exit.warnings],
  })
    .argument('[source]', 'only this one')
    .action((source: string | undefined, options: Options) => work.run(options, job => run(source, options, job)))
}

const codes: Record<Outcome, ExitCode> = { ok: exit.done, warning: exit.warnings, failed: exit.failed }

async function run(source: string | undefined, options: Options, job: Job) {
  const checks = await consult(source, options, job)
  const outcome = worst(checks)
  job.reporter.summary({ json: { outcome, checks }, lines: linesOf(checks) })
  return codes[outcome]
}

/** All checks of a host, or of one source of it. */
export function consult(source: string | undefined, options: Options, { terminal, say }: Job): Promise<Check[]> {
  const { env, platform, signal, now } = terminal
  return examine({
    config: options.config,
    source,
    env,
    platform,
    signal,
    now,
    say,
    connect: async () => (await connect(options, terminal, { grace: 20_000 })).receiver,
  })
}

/** One row for each check, and what to do under those that are not well. */
export function linesOf(checks: readonly Check[]): string[] {
  const rows = formatTable(
    checks.map(({ outcome, check, source, what, why }) => [
      outcome,
      source === null ? check : `${source}: ${check}`,
      why === null ? what : `${what}: ${why}`,
    ]),
  )
  const count = (outcome: Outcome) => checks.filter(check => check.outcome === outcome).length
  return [
    ...checks.flatMap(({ fix }, i) => (fix === null ? [rows[i]!] : [rows[i]!, `         ${fix}`])),
    '',
    count('failed') + count('warning') === 0
      ? 'All is well.'
      : `${counted(count('failed'), 'failure')}, ${counted(count('warning'), 'warning')}.`,
  ]
}
