import type { Snapshot } from '../receiver/answers.ts'

/** Epoch milliseconds. */
export interface Times {
  received: number
  /** What each of its units covers, in their order. */
  units: { from: number; to: number }[]
}

const known = new WeakMap<Snapshot, Times>()

/** The times of a snapshot. They are read from their texts once: all of ten thousand are looked at again with each page of them that comes in. */
export function readTimes(snapshot: Snapshot): Times {
  const found = known.get(snapshot)
  if (found) return found
  const times = {
    received: Date.parse(snapshot.receivedAt),
    units: snapshot.units.map(({ covers }) => ({ from: Date.parse(covers.from), to: Date.parse(covers.to) })),
  }
  known.set(snapshot, times)
  return times
}
