import type { Answer } from './answer.ts'
import type { Call } from './call.ts'

/** A permission to ask for before an operation starts. */
export interface Permission {
  action: string
  on: 'bucket' | 'object'
}

/**
 * One operation of the REST API. What is not listed here (a query parameter, an `x-amz-` header) is answered 501, so that nothing is
 * ever ignored silently.
 */
export interface Operation {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  on: 'bucket' | 'object'
  /** Query parameters that select the operation; with a value where that matters. */
  marks?: Record<string, string | undefined>
  /** Further query parameters it understands. */
  query?: string[]
  /** `x-amz-` headers it understands beyond those of every request; one that ends in `-` is a prefix. */
  headers?: string[]
  permissions(call: Call): Permission[]
  /** For the condition key s3:ObjectCreationOperation. */
  createsObject?: boolean
  run(call: Call): Answer | Promise<Answer>
}
