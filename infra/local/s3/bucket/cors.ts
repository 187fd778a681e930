import { z } from 'zod'
import type { Answer } from '../answer.ts'
import { readBody } from '../body/read.ts'
import type { Call } from '../call.ts'
import { readXml } from '../xml.ts'

const Cors = z.object({
  CORSConfiguration: z.object({
    CORSRule: z
      .array(
        z.object({
          AllowedOrigin: z.array(z.string()).min(1),
          AllowedMethod: z.array(z.enum(['GET', 'PUT', 'HEAD', 'POST', 'DELETE'])).min(1),
          AllowedHeader: z.array(z.string()).default([]),
          ExposeHeader: z.array(z.string()).default([]),
          MaxAgeSeconds: z.coerce.number().int().min(0).optional(),
        }),
      )
      .min(1)
      .max(100),
  }),
})

export async function putCors(call: Call): Promise<Answer> {
  const bucket = call.bucket()
  const { CORSConfiguration } = readXml(Cors, await readBody(call, { digest: true }))
  const cors = CORSConfiguration.CORSRule.map(rule => ({
    allowedOrigins: rule.AllowedOrigin,
    allowedMethods: rule.AllowedMethod,
    allowedHeaders: rule.AllowedHeader,
    exposeHeaders: rule.ExposeHeader,
    maxAgeSeconds: rule.MaxAgeSeconds,
  }))
  call.store.buckets.put({ ...bucket, cors }, call.now)
  return { status: 200 }
}
