import type { Run } from './contenders.ts'

export type Round = Record<string, Run>

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
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
  const fastest = (round: Round) => Math.min(...names.slice(1).map(name => round[name]!.wall))
  return [
    '| median of rounds | wall s | MB/s of database | client CPU s | peak RSS MiB, largest / all | sent MB | wall, failsafe = 1 |',
    '|---|---|---|---|---|---|---|',
    ...names.map(name =>
      row([
        name,
        of(name, run => run.wall).toFixed(1),
        of(name, run => bytes / 1e6 / run.wall).toFixed(1),
        of(name, run => run.cpu).toFixed(1),
        `${mib(of(name, run => run.rss.largest))} / ${mib(of(name, run => run.rss.all))}`,
        mb(of(name, run => run.sent)),
        median(rounds.map(round => round[name]!.wall / round[us]!.wall)).toFixed(2),
      ]),
    ),
    '',
    `Speed of ${us} against the faster of the others, median of rounds: ${median(rounds.map(round => fastest(round) / round[us]!.wall)).toFixed(2)} (above 1: faster).`,
    `Largest peak RSS of ${us} in any round: ${mib(Math.max(...rounds.map(round => round[us]!.rss.largest)))} MiB.`,
    '',
    '| raw | wall s | CPU s | RSS MiB, largest / all | sent bytes |',
    '|---|---|---|---|---|',
    ...rounds.flatMap((round, index) =>
      names.map(name => {
        const run = round[name]!
        return row([
          `round ${index + 1}, ${name}`,
          run.wall.toFixed(2),
          run.cpu.toFixed(2),
          `${mib(run.rss.largest)} / ${mib(run.rss.all)}`,
          String(run.sent),
        ])
      }),
    ),
  ].join('\n')
}

function row(cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}
