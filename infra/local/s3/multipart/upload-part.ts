import type { Answer } from '../answer.ts'
import { type Received, receive } from '../body/receive.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { findUpload } from './find-upload.ts'

export async function uploadPart(call: Call): Promise<Answer> {
  const number = call.query.get('partNumber') ?? ''
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || Number(number) > 10_000)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive')
  findUpload(call)
  const { headers, replaced } = await receive(call, received => keep(call, Number(number), received))
  await call.store.files.remove(replaced)
  return { status: 200, headers }
}

/** The upload may have ended while the body came in: then the part belongs nowhere. */
function keep(call: Call, number: number, { file, size, etag, checksum }: Received) {
  const upload = findUpload(call)
  if (checksum?.algorithm !== upload.algorithm)
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm?.toLowerCase() ?? 'null'}, ` +
        `actual checksum Type: ${checksum?.algorithm.toLowerCase() ?? 'null'}`,
    )
  const part = { number, file, size, etag, checksum: checksum?.value, modified: call.now }
  const replaced = call.store.uploads.putPart(upload, part)
  const header = checksum && { [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value }
  return { headers: { etag: `"${etag}"`, ...header }, replaced }
}
