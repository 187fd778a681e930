import { formatBytes, formatTable } from '../output/format.ts'
import type { Status } from './gather.ts'

type Source = Status['sources'][number]

/** How a person reads it. Times are of this host's clock, in UTC. */
export function renderStatus({ daemon, sources, staging }: Status, warnings: string[]): string[] {
  return [
    daemon === null
      ? 'failsafe run is not running on this host'
      : `failsafe ${daemon.version} runs since ${moment(daemon.since)} (process ${daemon.pid})`,
    '',
    ...(sources.length === 0
      ? ['No sources are configured']
      : formatTable([
          ['source', 'last', 'received', 'next'],
          ...sources.map(source => [source.source, lastOf(source), receivedOf(source), nextOf(source)]),
        ])),
    ...sources.flatMap(goingOn),
    '',
    `staging ${formatBytes(staging.bytes)} of ${formatBytes(staging.maxBytes)} in ${staging.dir}`,
    ...warnings.map(warning => `Warning: ${warning}`),
  ]
}

function lastOf({ last, lastRun }: Source): string {
  if (last) return `${last.mode} ${last.outcome} ${moment(last.finishedAt)}`
  return lastRun ? `${lastRun.outcome} ${moment(lastRun.finishedAt ?? lastRun.startedAt)}` : '-'
}

function receivedOf({ received }: Source): string {
  return received ? `${received.kind} ${moment(received.receivedAt)}` : '-'
}

function nextOf({ next, owed, run }: Source): string {
  if (run) return 'now'
  const all = [
    ...owed.map(({ mode, at, failures }) => ({ at, text: `${mode} ${moment(at)} (again after ${failures} failed)` })),
    ...next.map(({ mode, at }) => ({ at, text: `${mode} ${moment(at)}` })),
  ]
  return all.length === 0
    ? '-'
    : all
        .sort((a, b) => (a.at < b.at ? -1 : 1))
        .map(({ text }) => text)
        .join(', ')
}

function goingOn({ source, run }: Source): string[] {
  if (!run) return []
  const { step, progress, kind, mode, pid, startedAt } = run
  const where = step ? `, step ${step.number} of ${step.of}: ${step.text}` : ''
  const total = progress?.total == null ? '' : ` of ${formatBytes(progress.total)}`
  const moved = progress
    ? ` (${progress.label} ${formatBytes(progress.done)}${total}, ${formatBytes(progress.bytesPerSecond)}/s)`
    : ''
  return ['', `${source}: ${kind ?? mode} backup since ${moment(startedAt)}, process ${pid}${where}${moved}`]
}

/** `2026-11-05 14:10 UTC` */
function moment(instant: string): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
