import { z } from 'zod'
import { type Answer, xmlAnswer } from '../answer.ts'
import { readBody } from '../body/read.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { readXml, type Xml } from '../xml.ts'
import { deleteOne } from './delete.ts'

const Delete = z.object({
  Delete: z.object({
    Object: z
      .array(z.object({ Key: z.string().min(1), VersionId: z.string().min(1).optional() }))
      .min(1)
      .max(1000),
    Quiet: z.enum(['true', 'false']).default('false'),
  }),
})

/** Each object on its own: one that may not go does not keep the others. */
export async function deleteObjects(call: Call): Promise<Answer> {
  call.bucket()
  const { Object: objects, Quiet } = readXml(Delete, await readBody(call, { digest: true })).Delete
  const deleted: Xml[] = []
  const errors: Xml[] = []
  for (const { Key, VersionId } of objects) {
    try {
      const action = VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
      if (!call.may(action, `${call.bucketArn}/${Key}`)) throw new S3Error('AccessDenied')
      const { id, marker } = await deleteOne(call, Key, VersionId)
      deleted.push({
        Key,
        VersionId,
        DeleteMarker: marker || undefined,
        DeleteMarkerVersionId: marker ? id : undefined,
      })
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      errors.push({ Key, VersionId, Code: error.code, Message: error.message })
    }
  }
  return xmlAnswer('DeleteResult', { Deleted: Quiet === 'true' ? [] : deleted, Error: errors })
}
