import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { Vault } from './vault.ts'

/** One version as a whole. For small things: it is held in memory, and the caller knows its size from a list. */
export async function readObject({ bucket, client }: Vault, key: string, versionId: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
  if (!Body) throw new Error('S3 answered without a body')
  return Body.transformToByteArray()
}
