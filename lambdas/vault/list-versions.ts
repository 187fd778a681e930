import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3'
import type { Vault } from './vault.ts'

/** One version as S3 lists it. */
export interface VersionEntry {
  key: string
  versionId: string
  size: number
  /** S3's clock; for an object of parts, when its upload began. */
  storedAt: Date
}

/**
 * Every version under `prefix`, lazily: by key, and of one key the newest first. Delete markers hold no bytes and are left out.
 * @param after only keys behind this one
 */
export async function* listVersions(
  { bucket, client }: Vault,
  prefix: string,
  after?: string,
): AsyncGenerator<VersionEntry> {
  let [keyMarker, versionMarker]: [string | undefined, string | undefined] = [after, undefined]
  do {
    const page: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: prefix,
        KeyMarker: keyMarker,
        VersionIdMarker: versionMarker,
      }),
    )
    for (const { Key, VersionId, Size, LastModified } of page.Versions ?? []) {
      if (!Key || !VersionId || Size === undefined || !LastModified)
        throw new Error('S3 listed a version without its key, id, size or time')
      yield { key: Key, versionId: VersionId, size: Size, storedAt: LastModified }
    }
    keyMarker = page.IsTruncated ? page.NextKeyMarker : undefined
    versionMarker = page.NextVersionIdMarker
  } while (keyMarker !== undefined)
}
