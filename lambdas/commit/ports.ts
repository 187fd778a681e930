import type { Ports } from '../http/ports.ts'
import type { Stored } from '../vault/head.ts'
import type { UploadedPart } from '../vault/list-parts.ts'
import type { Lock } from '../vault/lock.ts'

/** What this function may do in the vault: finish, read back, lock. It signs nothing and removes nothing. See lambdas/vault for each. */
export interface CommitVault {
  listParts(key: string, uploadId: string): Promise<UploadedPart[] | undefined>
  completeUpload(upload: { key: string; uploadId: string; parts: UploadedPart[] }): Promise<string | undefined>
  head(key: string, versionId?: string): Promise<Stored | undefined>
  readRange(key: string, versionId: string, range: { offset: number; length: number }): Promise<Uint8Array>
  lock(key: string, versionId: string, lock: Lock): Promise<void>
  putLocked(object: { key: string; body: Uint8Array; type: string }, lock: Lock | undefined): Promise<string>
}

export interface CommitPorts extends Ports {
  vault: CommitVault
}
