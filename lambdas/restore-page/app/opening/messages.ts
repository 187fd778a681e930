import type { Choice, Opened, Progress } from './opened.ts'
import type { SentError } from './port.ts'

/** What the page asks of the worker. */
export type ToWorker =
  | { kind: 'open'; call: number; secret: string; passcode: string | undefined; choice: Choice; identity: string }
  /** `port` is where the content is sent to, as in `port.ts`. */
  | { kind: 'content'; artefact: number; port: MessagePort }

export type FromWorker =
  | { kind: 'opened'; call: number; opened: Opened }
  | { kind: 'failed'; call: number; error: SentError }
  | { kind: 'progress'; progress: Progress }
