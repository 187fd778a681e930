import type { Choice, Opened, Progress } from '../opening/opened.ts'
import { type OpeningCode, OpeningError } from '../opening/opening-error.ts'
import type { FileToSave, Saved } from '../saving/save.ts'

export type { Opened, Progress } from '../opening/opened.ts'
export type OpenedArtefact = Opened['artefacts'][number]

/** What the page wants of the worker that holds the identity (opening/restoration.ts). */
export interface Restoring {
  open(choice: Choice, idempotencyKey: string, identity: string): Promise<Opened>
  content(artefact: number): ReadableStream<Uint8Array>
  onProgress: ((progress: Progress) => void) | undefined
  onGranted: ((idempotencyKey: string) => void) | undefined
  readonly isOver: boolean
  close(): void
}

/** What the page wants of saving/save.ts. */
export interface Saving {
  save(name: string, size: number, content: ReadableStream<Uint8Array>): Promise<Saved>
  saveAll(files: readonly FileToSave[], archive: string): Promise<Saved>
}

/** What is said of an error of the worker, or of writing to disk: a code with words of its own, and a reason in the words of whoever failed. */
export interface Problem {
  code: OpeningCode | 'saving'
  why: string | undefined
}

export function problemOf(error: unknown): Problem {
  if (!(error instanceof OpeningError))
    return { code: 'saving', why: error instanceof Error ? error.message : String(error) }
  const { code, message, why } = error
  return {
    code,
    why: code === 'refused' && why !== undefined ? `${message}: ${why}` : code === 'refused' ? message : why,
  }
}
