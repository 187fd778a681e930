import type { LinkInfo, Snapshot } from '../receiver/answers.ts'
import { readTimes } from './read-times.ts'

/** Where a moment lies in an engine's log: on a position, or between two. */
export interface Coordinate {
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

/**
 * Looks through everything, as for each moment that a point is dragged over, and keeps nothing of it.
 * @param time of the engine's clock, epoch milliseconds
 * @returns undefined where nothing that is known holds it
 */
export function coordinateAt(
  engine: LinkInfo['engine'],
  snapshots: Snapshot[],
  unit: string,
  time: number,
): Coordinate | undefined {
  let around: Snapshot['units'][number] | undefined
  for (const snapshot of snapshots) {
    const times = readTimes(snapshot).units
    for (let i = 0; i < times.length; i++) {
      const { from, to } = times[i]!
      if (time > to || time < from) continue
      const entry = snapshot.units[i]!
      if (entry.unit !== unit) continue
      if (to === time) return between(engine, entry.to.at, entry.to.at)
      if (entry.kind === 'log') around ??= entry
    }
  }
  return around && between(engine, (around.from ?? around.to).at, around.to.at)
}

function between(engine: LinkInfo['engine'], from: string, to: string): Coordinate {
  return { name: names[engine], from: positionText(engine, from), to: positionText(engine, to) }
}

/** As people know it: `000007:342` for the fixed-width `0000000007:000000000342` of MySQL, others without the zeros that pad them. */
export function positionText(engine: LinkInfo['engine'], at: string): string {
  const file = engine === 'mysql' ? at.match(/^0*(\d+):0*(\d+)$/) : null
  if (file) return `${file[1]!.padStart(6, '0')}:${file[2]}`
  return at.replace(/^0+(?=\d)/, '')
}
