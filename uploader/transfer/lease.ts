import { Failure } from '../../shared/failure.ts'
import type { SnapshotId } from '../../shared/ids.ts'
import type { Receiver } from '../receiver/receiver.ts'
import type { Clock } from './clock.ts'

/**
 * Renews a lease every third of its time until `signal` is aborted. `onLost` is called once if the receiver says that the lease is over; a
 * receiver that cannot be reached is asked again, because the lease may outlive the outage.
 */
export async function keepLease(options: {
  receiver: Pick<Receiver, 'renew'>
  snapshot: SnapshotId
  lease: { token: string; until: string }
  clock: Clock
  signal: AbortSignal
  onLost: (error: unknown) => void
}): Promise<void> {
  const { receiver, snapshot, lease, clock, signal, onLost } = options
  let { until } = lease
  try {
    for (;;) {
      await clock.sleep(third(until, clock.now()), signal)
      try {
        ;({ until } = await receiver.renew(snapshot, lease.token))
      } catch (error) {
        if (!(error instanceof Failure) || !error.retriable) return onLost(error)
      }
    }
  } catch (error) {
    if (!signal.aborted) onLost(error)
  }
}

/** Between 5 seconds and 5 minutes, so that a skewed clock neither asks without pause nor too late. */
function third(until: string, now: Date): number {
  return Math.min(300_000, Math.max(5_000, (Date.parse(until) - now.getTime()) / 3))
}
