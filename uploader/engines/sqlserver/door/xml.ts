import type { ListedPart } from './intake.ts'
import { Refused } from './refused.ts'

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A document of one level. @param fields of our own making: nothing in them has to be escaped */
export function xml(root: string, fields: Record<string, string | number | boolean> = {}): string {
  const inner = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`)
  const attributes = root === 'Error' ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attributes}>${inner.join('')}</${root}>`
}

/** The body of CompleteMultipartUpload. @throws Refused `MalformedXML` */
export function listedPartsIn(text: string): ListedPart[] {
  return [...text.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part]) => {
    const [, number] = /<PartNumber>\s*(\d{1,5})\s*<\/PartNumber>/.exec(part!) ?? []
    const [, etag] = /<ETag>\s*(?:"|&quot;|&#34;)?([0-9a-f]{32})(?:"|&quot;|&#34;)?\s*<\/ETag>/i.exec(part!) ?? []
    if (number === undefined || etag === undefined)
      throw new Refused('MalformedXML', 'The list of parts cannot be read')
    return { number: Number(number), etag: etag.toLowerCase() }
  })
}
