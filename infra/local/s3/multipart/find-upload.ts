import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import type { Upload } from '../store/uploads.ts'

/** @throws S3Error `NoSuchBucket` or `NoSuchUpload` */
export function findUpload(call: Call): Upload {
  const { name } = call.bucket()
  const upload = call.store.uploads.find(name, call.key, call.query.get('uploadId') ?? '')
  if (!upload) throw new S3Error('NoSuchUpload')
  return upload
}
