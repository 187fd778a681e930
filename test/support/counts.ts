/**
 * The two tiers of the tests: `npm test` runs a tenth of an issue's count with a fixed seed, `npm run test:long`
 * (`FAILSAFE_LONG=1`) the whole count.
 */
export const long = process.env.FAILSAFE_LONG === '1'

/** @param full the count an issue names */
export function times(full: number): number {
  return long ? full : Math.max(1, Math.ceil(full / 10))
}

/** The time that a test may take whose work grows with the counts. @param tenth milliseconds for a tenth of them, at ease */
export function within(tenth: number): number {
  return long ? 10 * tenth : tenth
}

/** The seed of every property and random kill; set FAILSAFE_SEED to try another. */
export const seed = Number(process.env.FAILSAFE_SEED ?? 20261122)
