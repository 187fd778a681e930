import type { IncomingMessage } from 'node:http'

/**
 * What a test makes of a request instead of its answer. `lose-answer` does the work first: the client never learns of it. `cut` breaks the line after so
 * many bytes of an object.
 */
export type Fault =
  | { kind: 'error'; status: number; code: string }
  | { kind: 'reset' }
  | { kind: 'stall' }
  | { kind: 'lose-answer' }
  | { kind: 'cut'; after: number }

export type Intercept = (request: IncomingMessage) => Fault | undefined
