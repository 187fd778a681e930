import { SnsError } from './error.ts'

/** What a Publish asks for. */
export interface Publication {
  topic: string
  subject: string | null
  message: string
  structure: 'text' | 'json'
  attributes: Record<string, string>
}

const largest = 256 * 1024
const known = new Set(['Action', 'Version', 'TopicArn', 'Message', 'Subject', 'MessageStructure'])
const attributePart = /^MessageAttributes\.entry\.(\d+)\.(Name|Value\.DataType|Value\.StringValue)$/

/** Reads a request in the form of AWS's query protocol. @throws SnsError also for a parameter that is not known here */
export function readPublication(form: URLSearchParams): Publication {
  if (form.get('Action') !== 'Publish' || form.get('Version') !== '2010-03-31')
    throw new SnsError('InvalidAction', `The action ${form.get('Action')} is not implemented here.`)
  const foreign = [...form.keys()].find(name => !known.has(name) && !attributePart.test(name))
  if (foreign !== undefined) throw invalid(`${foreign} is not implemented here`)
  const message = form.get('Message') ?? ''
  const structure = structureOf(form)
  const attributes = attributesOf(form)
  const size = [message, ...Object.entries(attributes).flat()].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (message === '') throw invalid('Empty message')
  if (size > largest) throw invalid('Message too long')
  if (structure === 'json') textFor('email', message)
  return { topic: form.get('TopicArn') ?? '', subject: subjectOf(form), message, structure, attributes }
}

/** What a subscriber of this protocol is sent of a message in JSON: its own text, or the default. */
export function textFor(protocol: string, json: string): string {
  let texts: unknown
  try {
    texts = JSON.parse(json)
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse')
  }
  const { default: fallback, [protocol]: own = fallback } = (texts ?? {}) as Record<string, unknown>
  if (typeof fallback !== 'string' || typeof own !== 'string')
    throw invalid('Message Structure - No default entry in JSON message body')
  return own
}

function structureOf(form: URLSearchParams): Publication['structure'] {
  const structure = form.get('MessageStructure')
  if (structure !== null && structure !== 'json') throw invalid('Message Structure')
  return structure ?? 'text'
}

/** It becomes the head of a mail: up to 100 characters of ASCII on one line, and no space first. */
function subjectOf(form: URLSearchParams): string | null {
  const subject = form.get('Subject')
  if (subject !== null && !/^[!-~][ -~]{0,99}$/.test(subject)) throw invalid('Subject')
  return subject
}

function attributesOf(form: URLSearchParams): Record<string, string> {
  const entries = new Map<string, Record<string, string>>()
  for (const [name, value] of form) {
    const [, number, part] = attributePart.exec(name) ?? []
    if (number !== undefined && part !== undefined) entries.set(number, { ...entries.get(number), [part]: value })
  }
  return Object.fromEntries(
    [...entries.values()].map(entry => {
      const { Name, 'Value.DataType': type, 'Value.StringValue': value } = entry
      if (!Name || !type || !value || !/^(String|Number)(\.|$)/.test(type)) throw invalid('MessageAttributes')
      return [Name, value]
    }),
  )
}

function invalid(reason: string): SnsError {
  return new SnsError('InvalidParameter', `Invalid parameter: ${reason}`)
}
