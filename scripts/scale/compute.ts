import { limits, partSizeFor } from '../../lambdas/agent-api/part-size.ts'
import { leaseSeconds } from '../../lambdas/catalogue/leases.ts'
import type { Measured } from './measure.ts'
import { assumed } from './prices.ts'
import { plus, type Requests } from './requests.ts'

export interface Size {
  bytes: number
  partSize: number
  parts: number
  packs: number
  windows: number
  renewals: number
}

/** How a full of so many sealed bytes is cut, in whole packs and whole windows. @param expected bytes, by which the receiver chooses */
export function sizeOf(bytes: number, expected = bytes): Size {
  const partSize = partSizeFor(expected)
  const parts = Math.ceil(bytes / partSize)
  const packs = Math.ceil(parts / limits.partsPerPack)
  const lastPack = parts - (packs - 1) * limits.partsPerPack
  const windowsIn = (count: number) => Math.ceil(count / limits.partsPerWindow)
  const windows = (packs - 1) * windowsIn(limits.partsPerPack) + windowsIn(lastPack)
  const seconds = (bytes * 8) / (assumed.uploadMegabits * 1e6)
  return { bytes, partSize, parts, packs, windows, renewals: Math.floor(seconds / (leaseSeconds / 3)) }
}

/** A full, from the pieces that were counted. */
export function fullFrom({ smallest, ofTwoParts, pack, window, part, renewal }: Measured, size: Size): Requests {
  const { parts, packs, windows, renewals } = size
  let requests = parts === 1 ? smallest : plus(ofTwoParts, part, parts - 2)
  requests = plus(requests, window, windows - packs)
  requests = plus(requests, plus(pack, window), packs - 1)
  return plus(requests, renewal, renewals)
}

/** A restore by a link of one full and the logs on it. Each pack is signed once. */
export function restoreFrom(measured: Measured, full: Size, logs: { count: number; bytes: number }): Requests {
  const { restore, restoredLog } = measured
  // a further pack of the full is one more signature, like a log, and its bytes come in one request
  const requests = plus(restore, restoredLog, logs.count + full.packs - 1)
  return { ...requests, egressBytes: full.bytes + logs.count * logs.bytes }
}
