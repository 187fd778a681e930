import type { Network } from '../network/network.ts'
import { systemClock } from './clock.ts'
import { connectionsWithin, limitRate, RateLimit } from './limit-rate.ts'
import { newPutPart, type PutPart } from './put-part.ts'

/** Sends parts over the network as `upload` in failsafe.yaml says. Runs that use the same one share its limit. */
export interface Sender {
  put: PutPart
  /** Parts that may be under way at once. */
  concurrency: number
}

export function newSender(
  network: Network,
  { concurrency, maxBytesPerSecond }: { concurrency: number; maxBytesPerSecond: number | undefined },
): Sender {
  if (maxBytesPerSecond === undefined) return { put: newPutPart(network.connections(concurrency)), concurrency }
  const most = connectionsWithin(concurrency, maxBytesPerSecond)
  const put = newPutPart(network.connections(most))
  return { put: limitRate(put, new RateLimit(maxBytesPerSecond, systemClock)), concurrency: most }
}
