import type { LinkInfo, Snapshot } from '../receiver/answers.ts'

/** Where a moment lies in an engine's log: on a position, or between two. */
export interface Coordinate {
  unit: string
  /** What the engine calls it. */
  name: string
  from: string
  /** The same as `from` where the moment is that of a position. */
  to: string
}

const names: Record<LinkInfo['engine'], string> = {
  mysql: 'binlog',
  sqlserver: 'LSN',
  oracle: 'SCN',
  domino: 'log',
  exchange: 'log',
}

/** @param time of the engine's clock, epoch milliseconds. @returns undefined where no snapshot that is known holds it */
export function coordinateAt(
  engine: LinkInfo['engine'],
  snapshots: Snapshot[],
  unit: string,
  time: number,
): Coordinate | undefined {
  let around: Coordinate | undefined
  for (const { units } of snapshots)
    for (const entry of units) {
      if (entry.unit !== unit) continue
      const to = positionText(engine, entry.to.at)
      const end = Date.parse(entry.covers.to)
      if (end === time) return { unit, name: names[engine], from: to, to }
      if (entry.kind === 'log' && Date.parse(entry.covers.from) <= time && time < end)
        around = { unit, name: names[engine], from: positionText(engine, entry.from?.at ?? entry.to.at), to }
    }
  return around
}

/** As people know it: `000007:342` for the fixed-width `0000000007:000000000342` of MySQL, others without the zeros that pad them. */
export function positionText(engine: LinkInfo['engine'], at: string): string {
  const file = engine === 'mysql' ? at.match(/^0*(\d+):0*(\d+)$/) : null
  if (file) return `${file[1]!.padStart(6, '0')}:${file[2]}`
  return at.replace(/^0+(?=\d)/, '')
}
