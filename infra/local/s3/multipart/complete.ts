import { z } from 'zod'
import { type Answer, xmlAnswer } from '../answer.ts'
import { type Checksum, composite, compositeEtag } from '../body/checksum.ts'
import { readBody } from '../body/read.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { checksumElements, versionHeader } from '../object/describe.ts'
import { checkNotThere, checkWriteCondition } from '../object/headers.ts'
import type { Part, Upload } from '../store/uploads.ts'
import { readXml } from '../xml.ts'
import { findUpload } from './find-upload.ts'

const Complete = z.object({
  CompleteMultipartUpload: z.object({
    Part: z
      .array(
        z.object({
          PartNumber: z.coerce.number().int().min(1).max(10_000),
          ETag: z.string().transform(etag => etag.replace(/^"(.*)"$/, '$1')),
          ChecksumSHA256: z.string().optional(),
          ChecksumCRC32: z.string().optional(),
        }),
      )
      .min(1)
      .max(10_000),
  }),
})
type NamedPart = z.infer<typeof Complete>['CompleteMultipartUpload']['Part'][number]

const smallestPart = 5 * 1024 * 1024

/** Makes one version of the named parts. Their files become its pieces; files of parts that were not named are removed. */
export async function complete(call: Call): Promise<Answer> {
  findUpload(call)
  checkWriteCondition(call)
  const body = await readBody(call, { ofObject: true })
  const named = readXml(Complete, body).CompleteMultipartUpload.Part
  // From here in one turn, so that of two completions only one finds the upload.
  const upload = findUpload(call)
  const uploaded = call.store.uploads.parts(upload)
  const parts = choose(upload, named, uploaded)
  const checksum =
    upload.algorithm &&
    composite(
      upload.algorithm,
      parts.map(part => part.checksum ?? ''),
    )
  checkWhole(call, parts, checksum)
  checkNotThere(call)
  const bucket = call.bucket()
  const etag = compositeEtag(parts.map(part => part.etag))
  const { key, headers, retention } = upload
  const version = { key, size: sizeOf(parts), etag, headers, checksum, retention }
  const { id, replaced } = call.store.atomically(() => {
    call.store.uploads.remove(upload)
    return call.store.versions.add(bucket, version, parts, call.now)
  })
  const used = new Set(parts.map(part => part.file))
  await call.store.files.remove([...replaced, ...uploaded.map(part => part.file).filter(file => !used.has(file))])
  return xmlAnswer(
    'CompleteMultipartUploadResult',
    {
      Location: `http://${call.header('host')}/${bucket.name}/${encodeURIComponent(key)}`,
      Bucket: bucket.name,
      Key: key,
      ETag: `"${etag}"`,
      ...checksumElements(checksum),
    },
    versionHeader(bucket, id),
  )
}

function choose(upload: Upload, named: NamedPart[], uploaded: Part[]): Part[] {
  if (named.some((part, index) => index > 0 && named[index - 1]!.PartNumber >= part.PartNumber))
    throw new S3Error('InvalidPartOrder')
  const byNumber = new Map(uploaded.map(part => [part.number, part]))
  const parts = named.map(name => {
    const part = byNumber.get(name.PartNumber)
    if (!part || part.etag !== name.ETag) throw new S3Error('InvalidPart')
    checkPartChecksum(upload, name, part)
    return part
  })
  if (parts.slice(0, -1).some(part => part.size < smallestPart)) throw new S3Error('EntityTooSmall')
  return parts
}

function checkPartChecksum({ algorithm }: Upload, name: NamedPart, part: Part): void {
  const given = { SHA256: name.ChecksumSHA256, CRC32: name.ChecksumCRC32 }
  const value = algorithm && given[algorithm]
  if (algorithm === 'SHA256' && value === undefined)
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part ${name.PartNumber} in the request.`,
    )
  if (value !== undefined && value !== part.checksum) throw new S3Error('InvalidPart')
  const foreign = Object.entries(given).some(([other, sum]) => sum !== undefined && other !== algorithm)
  if (foreign) throw new S3Error('InvalidPart')
}

/** What the request says about the whole object, in headers. */
function checkWhole(call: Call, parts: Part[], checksum: Checksum | undefined): void {
  const size = call.header('x-amz-mp-object-size')
  if (size !== undefined && size !== String(sizeOf(parts)))
    throw new S3Error('InvalidRequest', 'The provided x-amz-mp-object-size does not match the size of the object.')
  const type = call.header('x-amz-checksum-type')
  if (type !== undefined && type.toUpperCase() !== checksum?.type)
    throw new S3Error('InvalidRequest', 'The checksum type is not the one of the upload.')
  for (const algorithm of ['SHA256', 'CRC32']) {
    const given = call.header(`x-amz-checksum-${algorithm.toLowerCase()}`)
    const whole = checksum?.algorithm === algorithm ? [checksum.value, checksum.value.replace(/-\d+$/, '')] : []
    if (given !== undefined && !whole.includes(given))
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)
  }
}

function sizeOf(parts: Part[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0)
}
