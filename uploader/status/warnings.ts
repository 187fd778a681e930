import type { Status } from './gather.ts'

/** What somebody has to do something about, in plain words. @param problem why the configuration file is not what runs go by */
export function warningsOf(
  { daemon, sources, receiver, kitProven }: Status,
  { scheduled, problem }: { scheduled: boolean; problem: string | undefined },
): string[] {
  const config = daemon?.config.problem ?? problem
  return [
    daemon === null && scheduled && 'Nothing starts by itself: failsafe run is not running on this host',
    config && `The configuration file is not used as it is now: ${config}`,
    receiver.problem && `The receiver could not be asked: ${receiver.problem}`,
    daemon?.log.problem && `The log cannot be written: ${daemon.log.problem}`,
    kitProven === false &&
      sources.some(({ received }) => received) &&
      'Nobody has proven yet that the recovery kit opens a backup. Run: failsafe kit check --identity FILE',
    ...sources.map(({ source, last }) =>
      last && (last.outcome === 'failed' || last.outcome === 'failed-source-advanced')
        ? `${source}: the last ${last.mode} backup ${last.message ?? 'failed'}`
        : null,
    ),
  ].filter(warning => typeof warning === 'string' && warning !== '') as string[]
}
