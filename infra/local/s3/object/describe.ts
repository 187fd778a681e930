import type { Checksum } from '../body/checksum.ts'
import type { Bucket } from '../store/buckets.ts'
import type { Version } from '../store/versions.ts'

/** Only a bucket that ever had versioning speaks of versions. */
export function versionHeader(bucket: Bucket, id: string): Record<string, string> {
  return bucket.versioning === 'Off' ? {} : { 'x-amz-version-id': id }
}

export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (!checksum) return {}
  return {
    [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value,
    'x-amz-checksum-type': checksum.type,
  }
}

export function retentionHeaders({ retention }: Version): Record<string, string> {
  if (!retention) return {}
  return {
    'x-amz-object-lock-mode': retention.mode,
    'x-amz-object-lock-retain-until-date': retention.until.toISOString(),
  }
}

/** As XML elements of an answer. */
export function checksumElements(checksum: Checksum | undefined): Record<string, string> {
  if (!checksum) return {}
  return { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }
}
