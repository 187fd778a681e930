import type { IncomingMessage } from 'node:http'

/** What a test makes of a request instead of its answer. `lose-answer` does the work first: the client never learns of it. */
export type Fault =
  | { kind: 'error'; status: number; code: string }
  | { kind: 'reset' }
  | { kind: 'stall' }
  | { kind: 'lose-answer' }

export type Intercept = (request: IncomingMessage) => Fault | undefined
