import type { Run } from './contenders.ts'

export type Round = Record<string, Run>

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** How many times as fast `us` was as `them` (or the fastest of them), median of the ratios within each round. Above 1: faster. */
export function ratio(rounds: Round[], us: string, ...them: string[]): number {
  return median(rounds.map(round => Math.min(...them.map(name => round[name]!.wall)) / round[us]!.wall))
}

/**
 * Raw runs and medians as Markdown. Ratios are taken within each round, because the seconds of two rounds on a shared machine
 * cannot be compared, and their median is what counts.
 * @param bytes size of the database, which MB/s refers to
 */
export function report(rounds: Round[], bytes: number): string {
  const names = Object.keys(rounds[0]!)
  const us = names[0]!
  const of = (name: string, pick: (run: Run) => number) => median(rounds.map(round => pick(round[name]!)))
  const mb = (value: number) => (value / 1e6).toFixed(0)
  const mib = (value: number) => (value / 2 ** 20).toFixed(0)
  return [
    `| median of ${rounds.length} rounds | wall s | MB/s of database | client CPU s | server CPU s | peak RSS MiB, largest / all | sent MB | wall, ${us} = 1 |`,
    '|---|---|---|---|---|---|---|---|',
    ...names.map(name =>
      row([
        name,
        of(name, run => run.wall).toFixed(1),
        of(name, run => bytes / 1e6 / run.wall).toFixed(1),
        of(name, run => run.cpu).toFixed(1),
        of(name, run => run.serverCpu).toFixed(1),
        `${mib(of(name, run => run.rss.largest))} / ${mib(of(name, run => run.rss.all))}`,
        mb(of(name, run => run.moved)),
        median(rounds.map(round => round[name]!.wall / round[us]!.wall)).toFixed(2),
      ]),
    ),
    '',
    '| raw | wall s | CPU s | server CPU s | RSS MiB, largest / all | sent bytes |',
    '|---|---|---|---|---|---|',
    ...rounds.flatMap((round, index) =>
      names.map(name => {
        const run = round[name]!
        return row([
          `round ${index + 1}, ${name}`,
          run.wall.toFixed(2),
          run.cpu.toFixed(2),
          run.serverCpu.toFixed(2),
          `${mib(run.rss.largest)} / ${mib(run.rss.all)}`,
          String(run.moved),
        ])
      }),
    ),
  ].join('\n')
}

function row(cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}
