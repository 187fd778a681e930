import { z } from 'zod'

/** What a function answers with in payload format 2.0. API Gateway guesses when the status is missing; here that is a fault. */
const FunctionResponse = z.looseObject({
  statusCode: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
})

export interface Response {
  status: number
  headers: Record<string, string | string[]>
  body: Buffer
}

/** Bytes that Lambda lets a function answer with, base64 and all. */
const answerLimit = 6 * 1024 * 1024

/** @throws Error if the answer is malformed or too large */
export function readResponse(result: unknown): Response {
  const { statusCode, headers, cookies, body, isBase64Encoded } = FunctionResponse.parse(result)
  if (body.length > answerLimit)
    throw new Error(`the function answered with ${body.length} bytes, ${answerLimit} at most`)
  const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const)
  return {
    status: statusCode,
    headers: { ...Object.fromEntries(texts), ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) },
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  }
}

/** API Gateway's own answers. */
export function gatewayAnswer(status: number, message: string): Response {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ message })) }
}
