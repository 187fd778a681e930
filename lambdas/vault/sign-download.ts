import { GetObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Vault } from './vault.ts'

export const downloadSeconds = 900

/** A URL that takes GET, with any Range, of one version of one object. */
export function signDownload({ bucket, client }: Vault, key: string, versionId: string): Promise<string> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId })
  return getSignedUrl(client, command, { expiresIn: downloadSeconds })
}

/** `https://host` that those URLs lead to, found by signing one: nothing is asked of S3. */
export async function downloadOrigin(vault: Vault): Promise<string> {
  return new URL(await signDownload(vault, 'packs/any', 'any')).origin
}
