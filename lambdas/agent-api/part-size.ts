const MiB = 1024 ** 2
const GiB = 1024 ** 3
const TiB = 1024 ** 4

/** So that a snapshot of any size stays within 500 packs of 1,000 parts, and small ones do not wait for big parts. */
export function partSizeFor(expectedBytes: number): number {
  if (expectedBytes <= 64 * GiB) return 16 * MiB
  if (expectedBytes <= TiB) return 32 * MiB
  return 64 * MiB
}

export const limits = { partsPerPack: 1000, partsPerWindow: 64 }
