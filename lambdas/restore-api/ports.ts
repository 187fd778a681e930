import type { Ports } from '../http/ports.ts'

/** What this function may do in the vault: sign reads of one version. */
export interface DownloadVault {
  signDownload(key: string, versionId: string): Promise<string>
}

export interface RestoreApiPorts extends Ports {
  vault: DownloadVault
}
