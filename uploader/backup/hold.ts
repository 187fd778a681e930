import { Failure } from '../../shared/failure.ts'
import type { Plan } from '../engines/engine.ts'
import { formatBytes, formatSeconds } from '../output/format.ts'
import type { Remembered } from '../state/pace.ts'

const GiB = 1024 ** 3

/**
 * A source is held until the last of it is staged: what staging has no room for is held as long as it takes to send it. Without an earlier
 * run to judge by nothing is refused.
 * @param longest seconds
 * @throws Failure `hold-too-long`
 */
export function requireShortHold(
  { kind, expectedBytes }: Pick<Plan, 'kind' | 'expectedBytes'>,
  staging: { maxBytes: number },
  longest: number,
  earlier: Remembered | undefined,
): void {
  // The server does not notice that its finished logs are read.
  if (kind === 'log' || !earlier) return
  const sealed = expectedBytes * earlier.sealedShare
  const seconds = (sealed - staging.maxBytes) / earlier.bytesPerSecond
  if (seconds <= longest) return
  const wanted = Math.ceil((sealed - longest * earlier.bytesPerSecond) / GiB)
  throw new Failure('hold-too-long', `This backup would hold the source for about ${formatSeconds(seconds)}`, {
    why: `${formatBytes(sealed)} are expected, staging has room for ${formatBytes(staging.maxBytes)}, the rest would go out at ${formatBytes(earlier.bytesPerSecond)} per second as in the last run, and maxHold is ${formatSeconds(longest)}`,
    fix: `Raise staging.maxBytes to at least ${wanted}GiB, or maxHold of this source`,
  })
}
