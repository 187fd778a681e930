import type { Answer } from '../answer.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { mayDelete } from '../lock.ts'
import { versionHeader } from './describe.ts'

export async function deleteObject(call: Call): Promise<Answer> {
  const { id, marker } = await deleteOne(call, call.key, call.query.get('versionId'))
  const headers = id === undefined ? {} : versionHeader(call.bucket(), id)
  return { status: 204, headers: { ...headers, 'x-amz-delete-marker': marker ? 'true' : undefined } }
}

/**
 * With a version id the version goes for good, if no lock holds it; without one a versioned bucket gets a delete marker. What is
 * not there is deleted all the same.
 * @returns the version that went, or the marker that came
 * @throws S3Error `AccessDenied`
 */
export async function deleteOne(
  call: Call,
  key: string,
  versionId: string | undefined,
): Promise<{ id: string | undefined; marker: boolean }> {
  const { store, now } = call
  const bucket = call.bucket()
  if (versionId === undefined && bucket.versioning !== 'Off') {
    const { id, replaced } = store.versions.mark(bucket, key, now)
    await store.files.remove(replaced)
    return { id, marker: true }
  }
  const version = store.versions.find(bucket.name, key, versionId ?? 'null')
  if (!version) return { id: versionId, marker: false }
  if (!mayDelete(version.retention, now, mayBypass(call, key)))
    throw new S3Error('AccessDenied', 'Access Denied because object protected by object lock.')
  await store.files.remove(store.versions.remove(bucket.name, version))
  return { id: versionId, marker: version.marker }
}

/** Whether the caller asks to bypass a governance lock, and may. */
export function mayBypass(call: Call, key: string): boolean {
  return (
    call.header('x-amz-bypass-governance-retention')?.toLowerCase() === 'true' &&
    call.may('s3:BypassGovernanceRetention', `${call.bucketArn}/${key}`)
  )
}
