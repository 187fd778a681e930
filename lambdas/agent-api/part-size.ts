import { ProblemError } from '../../shared/problem.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3
const TiB = 1024 ** 4

/** 400 full packs of the largest parts hold 24 TiB; some are never filled, as each writer of the host has one of its own. */
const mostExpected = 20 * TiB

/**
 * So that a snapshot of any size stays within `packLimit` packs of 1,000 parts, and small ones do not wait for big parts. One that
 * grows to 6 TiB while it was expected to be small still fits.
 * @throws ProblemError `invalid-request` for one that cannot fit
 */
export function partSizeFor(expectedBytes: number): number {
  if (expectedBytes > mostExpected)
    throw new ProblemError('invalid-request', `expectedBytes: a snapshot holds ${mostExpected / TiB} TiB at most`, {
      fix: 'Back up the databases as several sources',
    })
  if (expectedBytes <= 64 * GiB) return 16 * MiB
  if (expectedBytes <= TiB) return 32 * MiB
  return 64 * MiB
}

export const limits = { partsPerPack: 1000, partsPerWindow: 64 }
