import { createHash } from 'node:crypto'
import type { BackupContext } from '../../engine.ts'
import type { Copied } from '../notes/copy-database.ts'
import type { LogInfo } from '../notes/library.ts'

/** What is smaller is copied again sooner than it is looked up. */
const least = 64 * 1024 * 1024

/** A copy that this run had staged whole before its process died. The log makes up for what was changed since. */
export interface KeptDatabase {
  resumeKey: string
  attributes: Record<string, string>
  info: LogInfo
  size: number
  /** As its header was. */
  header: { replicaId: string | undefined; ods: number | undefined }
}

/** Undefined for a database that is not worth it, or that nothing would bring to the state of the others. */
export function resumeKeyOf(path: string, { logged, logId, dbiid, size }: Copied): string | undefined {
  if (!logged || size < least) return undefined
  return createHash('sha256').update([path, logId, dbiid].join('\0')).digest('hex').slice(0, 32)
}

/** By the paths of the databases. */
export function keptDatabases(kept: BackupContext['kept']): Map<string, KeptDatabase> {
  const databases = new Map<string, KeptDatabase>()
  for (const [resumeKey, { attributes = {} }] of kept) {
    const { path, logged, logId, dbiid, firstExtent, size, replicaId, ods } = attributes
    if (path === undefined || logId === undefined || dbiid === undefined) continue
    const info = { logged: logged === 'true', logId, dbiid, firstExtent: Number(firstExtent) }
    const header = { replicaId, ods: ods === undefined ? undefined : Number(ods) }
    databases.set(path, { resumeKey, attributes, info, size: Number(size), header })
  }
  return databases
}
