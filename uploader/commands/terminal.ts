import type { Readable, Writable } from 'node:stream'

/** The world around a verb, so that a test can be one. */
export interface Terminal {
  stdin: Readable
  /** Data. */
  stdout: Writable
  /** Talk. */
  stderr: Writable & { isTTY?: boolean }
  env: NodeJS.ProcessEnv
  platform: NodeJS.Platform
  /** Aborted when the person interrupts. */
  signal: AbortSignal
  now(): Date
}
