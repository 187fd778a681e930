import { z } from 'zod'
import { type Answer, xmlAnswer } from '../answer.ts'
import { readBody } from '../body/read.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { readXml } from '../xml.ts'

const Configuration = z.object({ VersioningConfiguration: z.object({ Status: z.enum(['Enabled', 'Suspended']) }) })

export async function putVersioning(call: Call): Promise<Answer> {
  const bucket = call.bucket()
  const { Status } = readXml(Configuration, await readBody(call)).VersioningConfiguration
  if (bucket.locked && Status !== 'Enabled')
    throw new S3Error('InvalidBucketState', 'An Object Lock configuration is present: versioning cannot be suspended.')
  call.store.buckets.put({ ...bucket, versioning: Status }, call.now)
  return { status: 200 }
}

export function getVersioning(call: Call): Answer {
  const { versioning } = call.bucket()
  return xmlAnswer('VersioningConfiguration', { Status: versioning === 'Off' ? undefined : versioning })
}
