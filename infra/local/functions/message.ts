/** What the host and the thread of a function say to each other. */
export interface Invocation {
  id: number
  event: unknown
  requestId: string
  /** Milliseconds since 1970, by the host's own clock, when the function is cut off. */
  deadline: number
  /** Milliseconds that the cloud's clock is ahead of the machine's: 0 but in tests that move it. */
  clockOffset: number
}

export type Answer = { id: number; result: unknown } | { id: number; error: { name: string; message: string } }

/** What a thread is started with. */
export interface FunctionIdentity {
  /** Absolute path of the module. */
  module: string
  /** Name of its export. */
  handler: string
  name: string
  arn: string
  memory: number
}
