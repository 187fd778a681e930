import type { Choice, Opened, Progress } from './opened.ts'
import type { SentError } from './port.ts'

/** What the page asks of the worker. */
export type ToWorker =
  | {
      kind: 'open'
      call: number
      secret: string
      passcode: string | undefined
      choice: Choice
      /** The same for the same choice, trust aside. */
      idempotencyKey: string
      identity: string
    }
  /** `port` is where the content is sent to, as in `port.ts`. */
  | { kind: 'content'; artefact: number; port: MessagePort }

export type FromWorker =
  /** The receiver has counted a use, or had done so before: once for a key. */
  | { kind: 'granted'; idempotencyKey: string }
  | { kind: 'opened'; call: number; opened: Opened }
  | { kind: 'failed'; call: number; error: SentError }
  | { kind: 'progress'; progress: Progress }
