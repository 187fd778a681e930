import type { Database, Inventory } from '../inventory.ts'

const express = 4

/** Express and Web cannot make compressed backups. */
export function compresses({ engineEdition, edition }: Pick<Inventory, 'engineEdition' | 'edition'>): boolean {
  return engineEdition !== express && !edition.startsWith('Web')
}

/** 2019 CU5, from which on the server does it by itself. */
const itself = [15, 0, 4043]

/** Encrypted pages are decrypted before they are compressed only where more is transferred at a time than 64 KiB. */
export function needsLargeTransfers(
  { encrypted }: Pick<Database, 'encrypted'>,
  { version }: Pick<Inventory, 'version'>,
): boolean {
  if (!encrypted) return false
  const numbers = version.split('.').map(Number)
  for (const [i, least] of itself.entries()) if (numbers[i] !== least) return (numbers[i] ?? 0) < least
  return false
}
