import type { z } from 'zod'
import { Problem } from '../../shared/problem.ts'

/** Pieces of a route's description, as OpenAPI wants them. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: true as const, content: { 'application/json': { schema } } } }
}

export function jsonAnswer<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } }
}

export const refusal = {
  description: 'A refusal, as an RFC 9457 problem document',
  content: { 'application/problem+json': { schema: Problem } },
}
