import { stat } from 'node:fs/promises'
import type { Helper } from '../helper/helper.ts'
import type { Copied } from '../notes/copy-database.ts'
import { parseNsfHeader, startOf, wrongCopy } from '../place/nsf-header.ts'
import type { Found } from '../place/walk.ts'
import type { Copies } from './copies.ts'
import { explainCopy } from './explain.ts'
import { ItemBusy } from './item-busy.ts'

/** A copy that was looked at. */
export interface Taken extends Copied {
  copy: string
  replicaId: string | undefined
  ods: number | undefined
}

/**
 * Copies one database and looks at the copy.
 * @throws ItemFailed, ItemBusy; a Failure where no database can be copied
 */
export async function takeDatabase(
  { path }: Pick<Found, 'path'>,
  { helper, copies, directory, signal }: { helper: Helper; copies: Copies; directory: string; signal: AbortSignal },
  onBytes: (bytes: number) => void,
): Promise<Taken> {
  const copy = await copies.take(signal)
  try {
    const copied = await helper.ask('copy', { path, to: copy }, { signal, onBytes })
    const [start, { size }] = await Promise.all([startOf(copy), stat(copy)])
    // Gone since, or moved: then there is nothing to compare with.
    const live = await startOf(copied.file).catch(() => Buffer.alloc(0))
    const wrong = wrongCopy(start, { size, expected: copied.size, live })
    if (wrong !== undefined) throw new ItemBusy('database-unverified', `its copy was no good: ${wrong}`)
    const header = parseNsfHeader(start)
    return { ...copied, copy, replicaId: header?.replicaId, ods: header?.ods }
  } catch (error) {
    await copies.remove(copy)
    signal.throwIfAborted()
    throw explainCopy(error, directory)
  }
}
