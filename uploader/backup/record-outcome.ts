import type { Receiver } from '../receiver/receiver.ts'
import { briefly } from './briefly.ts'

/** How long it may take: the run is over either way. */
const recordTime = 15_000

/** Tells the receiver how a run ended, with as much of its warnings as it takes. */
export async function recordOutcome(
  receiver: Pick<Receiver, 'recordRun'>,
  run: Omit<Parameters<Receiver['recordRun']>[0], 'warnings'>,
  warnings: readonly string[],
): Promise<void> {
  const told = warnings.slice(0, 50).map(warning => warning.slice(0, 1000))
  await briefly(receiver.recordRun({ ...run, warnings: told }), recordTime)
}
