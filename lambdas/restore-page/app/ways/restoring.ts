import type { Choice } from '../receiver/receiver.ts'

/** What the page wants of the worker that holds the identity (opening/restoration.ts). */
export interface Restoring {
  /** Consumes a use of the link; asked again with the same choice it does not. */
  open(choice: OpeningChoice, identityText: string): Promise<Opened>
  /** Fetched, opened and checked while it is read. Only a stream that closed without an error is what was backed up. */
  content(artefact: number): ReadableStream<Uint8Array>
  onProgress?: ((progress: Progress) => void) | undefined
  close(): void
}

export interface OpeningChoice extends Choice {
  source: string
  /** Fingerprints of keys that the person believes, where the kit has not certified them. */
  trust?: string[]
}

export interface Opened {
  restoreManifest: string
  source: string
  sourceName: string
  engine: string
  at: string | null
  signers: { agent: string; fingerprint: string; proven: boolean }[]
  snapshots: { snapshot: string; kind: string; receivedAt: string; doubtful: boolean }[]
  artefacts: OpenedArtefact[]
}

export interface OpenedArtefact {
  id: number
  /** Relative path, as the command line lays it out. */
  file: string
  name: string
  snapshot: string
  role: string
  unit: string
  size: number
  sealedSize: number
  sha256: string
  attributes: Record<string, string>
}

export interface Progress {
  artefact: number
  fetched: number
  opened: number
}

/** What the page wants of saving/save.ts. */
export interface Saving {
  /** Called in the click that asked for it. */
  save(name: string, size: number, content: ReadableStream<Uint8Array>): Promise<'saved' | 'refused'>
  /** Called in the click that asked for it. @param archive name of the archive they come in where the browser has no directories */
  saveAll(
    files: { path: string; size: number; content: () => ReadableStream<Uint8Array> }[],
    archive: string,
  ): Promise<'saved' | 'refused'>
}

/** Codes of the worker's errors that the page explains. */
export const openingCodes = [
  'identity-invalid',
  'identity-does-not-open',
  'manifest-untrusted',
  'index-damaged',
  'artefact-damaged',
  'pack-damaged',
  'network',
  'link-invalid',
  'passcode-wrong',
  'not-restorable',
  'refused',
] as const
export type OpeningCode = (typeof openingCodes)[number]

/** What is said of an error of the worker, or of writing to disk: a code with words of its own, and a reason in the words of whoever failed. */
export interface Problem {
  code: OpeningCode | 'saving'
  why: string | undefined
}

export function problemOf(error: unknown): Problem {
  const { code, why, message } = error as { code?: unknown; why?: unknown; message?: unknown }
  const known = openingCodes.find(known => known === code)
  const said = (known === undefined || known === 'refused' ? [message, why] : [why]).filter(
    text => typeof text === 'string',
  )
  return { code: known ?? 'saving', why: said.length > 0 ? said.join(': ') : undefined }
}
