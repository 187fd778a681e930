import type { Answer } from '../answer.ts'
import { readBody } from '../body/read.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'

/** The body may only name the region, which is the server's own. */
export async function createBucket(call: Call): Promise<Answer> {
  await readBody(call)
  const { bucketName: name, store, now } = call
  checkName(name)
  if (store.buckets.find(name)) throw new S3Error('BucketAlreadyOwnedByYou')
  const locked = call.header('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true'
  store.buckets.put({ name, versioning: locked ? 'Enabled' : 'Off', locked, cors: [] }, now)
  return { status: 200, headers: { location: `/${name}` } }
}

export function headBucket(call: Call): Answer {
  call.bucket()
  return { status: 200 }
}

export function deleteBucket(call: Call): Answer {
  const { name } = call.bucket()
  if (!call.store.buckets.isEmpty(name)) throw new S3Error('BucketNotEmpty')
  call.store.buckets.remove(name)
  return { status: 204 }
}

/** @throws S3Error `InvalidBucketName` */
export function checkName(name: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw new S3Error('InvalidBucketName')
}
