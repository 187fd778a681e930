import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { BackupContext } from './engine.ts'

/** Tells what runs of one source make on a server or in a shared directory from what others make: the directory of its runs is no other's. */
export function tokenOf({ undo }: Pick<BackupContext, 'undo'>): string {
  const source = dirname(resolve(undo))
  return createHash('sha256').update(source).digest('hex').slice(0, 8)
}
