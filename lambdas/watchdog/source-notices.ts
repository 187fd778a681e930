import type { Agent } from '../catalogue/agents.ts'
import type { NewNotice } from '../catalogue/notices.ts'
import type { Source } from '../catalogue/sources.ts'
import { latest } from '../expectations/judge.ts'
import type { Ledger } from '../expectations/ledger.ts'
import type { Problem } from '../expectations/problems.ts'
import { medianOf } from '../expectations/sizes.ts'
import { duration, modeWords, moment, size } from './words.ts'

export interface About {
  receiver: string
  source: Source
  host: Agent | undefined
  now: Date
}

const severities: Record<Problem['kind'], 'warning' | 'critical'> = {
  'run-late': 'warning',
  'run-missed': 'critical',
  'run-failing': 'critical',
  'size-odd': 'warning',
  'clock-skew': 'warning',
}

/** What is wrong, why, and what to do. */
export function sourceNotice(about: About, problem: Problem, ledger: Ledger): NewNotice {
  return { ...common(about, problem), severity: severities[problem.kind], text: textOf(about, problem, ledger) }
}

export function recoveredNotice(about: About, problem: Problem, ledger: Ledger): NewNotice {
  return { ...common(about, problem), severity: 'info', text: recoveryOf(about, problem, ledger) }
}

function common({ receiver, source, host, now }: About, problem: Problem): Omit<NewNotice, 'severity' | 'text'> {
  return {
    at: now.toISOString(),
    receiver,
    tenant: source.tenant,
    kind: problem.kind,
    subject: { type: 'source', id: source.source, name: source.name },
    ...('aspect' in problem ? { aspect: problem.aspect } : {}),
    detail: {
      agent: host?.agent ?? source.agent,
      ...('aspect' in problem ? { mode: problem.aspect } : {}),
      ...('since' in problem ? { expected: problem.since } : {}),
    },
  }
}

const atHost = 'Look on the host whether it is up and what "failsafe status" says.'

function textOf(about: About, problem: Problem, ledger: Ledger): string {
  const where = placeOf(about)
  switch (problem.kind) {
    case 'run-late':
      return `The ${modeWords[problem.aspect]} of ${where} that was expected at ${moment(problem.since)} has not been received. ${atHost}`
    case 'run-missed':
      return `The ${modeWords[problem.aspect]} of ${where} that was expected at ${moment(problem.since)} never came, and the next one is due. ${lastOf(problem.aspect, ledger)} ${atHost}`
    case 'run-failing':
      return `The last runs of ${where} have all failed. ${lastOf('any', ledger)} The runs' messages say why.`
    case 'size-odd': {
      const { usual, odd } = ledger.sizes[problem.aspect]!
      return `The last ${modeWords[problem.aspect]} of ${where} has ${size(odd.at(-1)!)}, those before it about ${size(medianOf(usual))}. Ask whether the application changed that much: a fault can shrink a backup, encrypted files can swell one.`
    }
    case 'clock-skew':
      return `The clock of ${about.host?.name ?? about.source.agent} or of ${about.source.name} on it is more than ten minutes off. Set it: moments to restore to are chosen by that clock.`
  }
}

function recoveryOf(about: About, problem: Problem, ledger: Ledger): string {
  const where = placeOf(about)
  switch (problem.kind) {
    case 'run-late':
    case 'run-missed': {
      const received = latest(problem.aspect, ledger.received)?.toISOString()
      if (received === undefined || received < problem.since)
        return `A ${modeWords[problem.aspect]} of ${where} is not expected any more.`
      const late = duration(Date.parse(received) - Date.parse(problem.since))
      return `A ${modeWords[problem.aspect]} of ${where} was received at ${moment(received)}, ${late} after the one that was expected at ${moment(problem.since)}.`
    }
    case 'run-failing':
      return `Runs of ${where} do not fail any more.`
    case 'size-odd':
      return `The ${modeWords[problem.aspect]} of ${where} is of its usual size again, or has kept its new one.`
    case 'clock-skew':
      return `The clocks of ${where} are right again.`
  }
}

function placeOf({ source, host }: About): string {
  return `${source.name} on ${host?.name ?? source.agent}`
}

function lastOf(mode: keyof typeof modeWords, ledger: Ledger): string {
  const received = latest(mode, ledger.received)?.toISOString()
  return received === undefined ? 'None was ever received.' : `The last one was received at ${moment(received)}.`
}
