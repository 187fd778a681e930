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

/** A part of a unit's log, or the position of a full, with its times in epoch milliseconds. */
export interface Piece {
  from: { time: number; at: string }
  to: { time: number; at: string }
  isLog: boolean
}

const names: Record<LinkInfo['engine'], string> = {
  mysql: 'binlog',
  sqlserver: 'LSN',
  oracle: 'SCN',
  domino: 'log',
  exchange: 'log',
}

/** What is known of a unit's log, in any order; worked out once, and looked at for each moment. */
export function piecesOf(snapshots: Snapshot[], unit: string): Piece[] {
  const pieces: Piece[] = []
  for (const snapshot of snapshots) {
    const times = readTimes(snapshot).units
    for (const [i, { unit: own, kind, from, to }] of snapshot.units.entries())
      if (own === unit)
        pieces.push({
          from: { time: times[i]!.from, at: (from ?? to).at },
          to: { time: times[i]!.to, at: to.at },
          isLog: kind === 'log',
        })
  }
  return pieces
}

/** @param time of the engine's clock, epoch milliseconds. @returns undefined where nothing that is known holds it */
export function coordinateAt(engine: LinkInfo['engine'], pieces: Piece[], time: number): Coordinate | undefined {
  const on = pieces.find(({ to }) => to.time === time)
  const around = on ?? pieces.find(({ from, to, isLog }) => isLog && from.time <= time && time < to.time)
  if (!around) return undefined
  const to = positionText(engine, around.to.at)
  return { name: names[engine], from: on ? to : positionText(engine, around.from.at), to }
}

/** As people know it: `000007:342` for the fixed-width `0000000007:000000000342` of MySQL, others without the zeros that pad them. */
export function positionText(engine: LinkInfo['engine'], at: string): string {
  const file = engine === 'mysql' ? at.match(/^0*(\d+):0*(\d+)$/) : null
  if (file) return `${file[1]!.padStart(6, '0')}:${file[2]}`
  return at.replace(/^0+(?=\d)/, '')
}
