import { z } from 'zod'
import { type Answer, xmlAnswer } from '../answer.ts'
import { readBody } from '../body/read.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../error.ts'
import { mayReplace } from '../lock.ts'
import { readXml } from '../xml.ts'
import { mayBypass } from './delete.ts'
import { findVersion } from './find.ts'
import { checkedRetention } from './headers.ts'

/** An empty element takes the lock away. */
const Retention = z.object({
  Retention: z.union([
    z.object({ Mode: z.enum(['GOVERNANCE', 'COMPLIANCE']), RetainUntilDate: z.string() }),
    z.literal(''),
  ]),
})

export async function putRetention(call: Call): Promise<Answer> {
  if (!call.bucket().locked) throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration')
  const { Retention: asked } = readXml(Retention, await readBody(call, { digest: true }))
  const next = asked === '' ? undefined : checkedRetention(call, { mode: asked.Mode, until: asked.RetainUntilDate })
  const version = findVersion(call)
  if (!mayReplace(version.retention, next, call.now, mayBypass(call, call.key)))
    throw new S3Error('AccessDenied', 'Access Denied because object protected by object lock.')
  call.store.versions.retain(version, next)
  return { status: 200 }
}

export function getRetention(call: Call): Answer {
  if (!call.bucket().locked) throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration')
  const { retention } = findVersion(call)
  if (!retention) throw new S3Error('NoSuchObjectLockConfiguration')
  return xmlAnswer('Retention', { Mode: retention.mode, RetainUntilDate: retention.until.toISOString() })
}
