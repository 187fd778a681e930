import { writeXml, type Xml } from './xml.ts'

/** What an operation says; the server adds date, request id and CORS headers. */
export interface Answer {
  status: number
  /** Undefined values are left out. */
  headers?: Record<string, string | number | undefined>
  /** A stream must come with its `content-length`. */
  body?: string | AsyncIterable<Uint8Array>
}

export function xmlAnswer(root: string, content: Xml, headers: Answer['headers'] = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body: writeXml(root, content) }
}
