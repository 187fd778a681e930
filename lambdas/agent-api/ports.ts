import type { Ports } from '../http/ports.ts'
import type { UploadedPart } from '../vault/list-parts.ts'
import type { PartToSign } from '../vault/sign-part.ts'

/** What this function may do in the vault: begin uploads, sign their parts and see what came. It can read nothing and remove nothing. */
export interface UploadVault {
  createUpload(key: string): Promise<string>
  listParts(key: string, uploadId: string): Promise<UploadedPart[] | undefined>
  signPart(part: PartToSign): Promise<{ url: string; headers: Record<string, string> }>
}

export interface AgentApiPorts extends Ports {
  vault: UploadVault
}
