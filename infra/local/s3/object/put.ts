import type { Answer } from '../answer.ts'
import type { Checksum } from '../body/checksum.ts'
import { type Received, receive } from '../body/receive.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import type { Retention } from '../lock.ts'
import { checksumHeaders, versionHeader } from './describe.ts'
import { checkNotThere, checkOwnership, checkWriteCondition, keptHeaders, requestedRetention } from './headers.ts'

export async function putObject(call: Call): Promise<Answer> {
  call.bucket()
  checkOwnership(call)
  checkWriteCondition(call)
  const retention = requestedRetention(call)
  if (retention) checkDigestGiven(call)
  const { headers, replaced } = await receive(call, received => keep(call, received, retention))
  await call.store.files.remove(replaced)
  return { status: 200, headers }
}

function keep(call: Call, { file, size, etag, checksum: given }: Received, retention: Retention | undefined) {
  checkNotThere(call)
  const bucket = call.bucket()
  const checksum: Checksum | undefined = given && { ...given, type: 'FULL_OBJECT' }
  const version = { key: call.key, size, etag, headers: keptHeaders(call), checksum, retention }
  const { id, replaced } = call.store.versions.add(bucket, version, [{ file, size }], call.now)
  return { headers: { etag: `"${etag}"`, ...versionHeader(bucket, id), ...checksumHeaders(checksum) }, replaced }
}

function checkDigestGiven(call: Call): void {
  const digests = ['content-md5', 'x-amz-checksum-sha256', 'x-amz-checksum-crc32', 'x-amz-trailer']
  if (!digests.some(name => call.header(name) !== undefined))
    throw new S3Error(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    )
}
