import { type Answer, xmlAnswer } from '../answer.ts'
import type { Algorithm } from '../body/checksum.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { checkOwnership, keptHeaders, requestedRetention } from '../object/headers.ts'

export function create(call: Call): Answer {
  const { name } = call.bucket()
  checkOwnership(call)
  const algorithm = algorithmOf(call)
  const upload = {
    bucket: name,
    key: call.key,
    headers: keptHeaders(call),
    algorithm,
    retention: requestedRetention(call),
  }
  const id = call.store.uploads.start(upload, call.now)
  return xmlAnswer(
    'InitiateMultipartUploadResult',
    { Bucket: name, Key: call.key, UploadId: id },
    { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': algorithm && 'COMPOSITE' },
  )
}

/** Only composite checksums are known. @throws S3Error `NotImplemented` */
function algorithmOf(call: Call): Algorithm | undefined {
  const algorithm = call.header('x-amz-checksum-algorithm')?.toUpperCase()
  const type = call.header('x-amz-checksum-type')?.toUpperCase()
  if (type !== undefined && type !== 'COMPOSITE') throw new S3Error('NotImplemented')
  if (algorithm === undefined || algorithm === 'SHA256' || algorithm === 'CRC32') return algorithm
  throw new S3Error('NotImplemented', `The checksum algorithm ${algorithm} is not implemented here.`)
}
