import type { Ports } from '../http/ports.ts'
import type { PageFiles } from '../restore-page/files.ts'

/** What this function may do in the vault: sign reads of one version. */
export interface DownloadVault {
  signDownload(key: string, versionId: string): Promise<string>
  /** `https://host` that those URLs lead to. */
  origin(): Promise<string>
}

export interface RestoreApiPorts extends Ports {
  vault: DownloadVault
  /** What the restore page consists of. */
  page: PageFiles
}
