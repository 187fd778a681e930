import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import type { Version } from '../store/versions.ts'

/**
 * The version that the request names, or the latest. Who may not list the bucket is not told whether a key exists: 403, as AWS.
 * @throws S3Error `NoSuchKey`, `NoSuchVersion`, `AccessDenied`, or `MethodNotAllowed` for a delete marker named by its id
 */
export function findVersion(call: Call): Version {
  const { store, bucketName, key } = call
  const id = call.query.get('versionId')
  const version = id === undefined ? store.versions.latest(bucketName, key) : store.versions.find(bucketName, key, id)
  if (!version && id !== undefined) throw new S3Error('NoSuchVersion')
  if (version && !version.marker) return version
  const headers: Record<string, string> = version
    ? { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.id }
    : {}
  if (id !== undefined) throw new S3Error('MethodNotAllowed', undefined, headers)
  if (!call.may('s3:ListBucket', call.bucketArn)) throw new S3Error('AccessDenied')
  throw new S3Error('NoSuchKey', undefined, headers)
}
