import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { Vault } from './vault.ts'

/** `length` bytes from `offset` of one version. For small things: they are held in memory. */
export async function readRange(
  { bucket, client }: Vault,
  key: string,
  versionId: string,
  { offset, length }: { offset: number; length: number },
): Promise<Uint8Array> {
  const { Body } = await client.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      VersionId: versionId,
      Range: `bytes=${offset}-${offset + length - 1}`,
    }),
  )
  if (!Body) throw new Error('S3 answered without a body')
  return Body.transformToByteArray()
}
