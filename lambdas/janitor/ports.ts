import type { CommitVault } from '../commit/ports.ts'
import type { ExportVault } from '../export/ports.ts'
import type { Ports } from '../http/ports.ts'

/** What this function may do in the vault: what a commit and an export may, and, alone of all, remove. See lambdas/vault for each. */
export interface JanitorVault extends CommitVault, ExportVault {
  abortUpload(key: string, uploadId: string): Promise<void>
}

export interface JanitorPorts extends Ports {
  vault: JanitorVault
}

/** Milliseconds left for work. None is begun at zero or below: what is left waits for the next invocation. */
export type Remaining = () => number
