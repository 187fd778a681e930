import { z } from 'zod'

/**
 * A point in the log history of a unit. `stream` names the history (server UUID, recovery fork, incarnation and thread, LogID);
 * `at` is a fixed-width string whose byte order is the order of the log. Positions of different streams cannot be compared.
 */
export const Position = z.object({
  stream: z.string().min(1).max(200),
  at: z.string().min(1).max(200),
})
export type Position = z.infer<typeof Position>

/** Negative, zero or positive; undefined where the streams differ. */
export function comparePositions(a: Position, b: Position): number | undefined {
  if (a.stream !== b.stream) return undefined
  return a.at < b.at ? -1 : a.at > b.at ? 1 : 0
}
