import { XMLParser, XMLValidator } from 'fast-xml-parser'
import type { z } from 'zod'
import { S3Error } from './error.ts'

/** A document to write: elements in order; an array repeats its element, undefined leaves it out. */
export type Xml = string | number | boolean | undefined | Xml[] | { [element: string]: Xml }

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

export function writeXml(root: string, content: Xml, namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'): string {
  return `${declaration}<${root}${root === 'Error' ? '' : ` xmlns="${namespace}"`}>${inner(content)}</${root}>`
}

function inner(content: Xml): string {
  if (content === undefined) return ''
  if (typeof content !== 'object') return escaped(String(content))
  return Object.entries(content)
    .map(([name, value]) =>
      Array.isArray(value) ? value.map(one => element(name, one)).join('') : element(name, value),
    )
    .join('')
}

function element(name: string, content: Xml): string {
  return content === undefined ? '' : `<${name}>${inner(content)}</${name}>`
}

/** Control characters may be part of a key; S3 writes them as references although XML 1.0 has none for them. */
function escaped(text: string): string {
  return text.replace(/[&<>"\u0000-\u001f]/g, character => {
    switch (character) {
      case '&':
        return '&amp;'
      case '<':
        return '&lt;'
      case '>':
        return '&gt;'
      case '"':
        return '&quot;'
      default:
        return `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`
    }
  })
}

const repeated = new Set([
  'Part',
  'Object',
  'CORSRule',
  'AllowedOrigin',
  'AllowedMethod',
  'AllowedHeader',
  'ExposeHeader',
])

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: name => repeated.has(name),
})

/** Reads a request body. @throws S3Error `MalformedXML` */
export function readXml<T>(schema: z.ZodType<T>, text: string): T {
  if (XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML')
  const parsed = schema.safeParse(parser.parse(text))
  if (!parsed.success) throw new S3Error('MalformedXML')
  return parsed.data
}
