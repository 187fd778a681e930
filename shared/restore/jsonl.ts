import type { z } from 'zod'
import { Failure } from '../failure.ts'

const longestLine = 1024 * 1024

/** Parses JSON lines from a stream of bytes, one at a time. @throws Failure `content-mismatch` for a line that is not one */
export async function* jsonLines<T>(
  bytes: AsyncIterable<Uint8Array>,
  schema: z.ZodType<T>,
): AsyncGenerator<T, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let line = 0
  for await (const chunk of bytes) {
    rest += decode(decoder, chunk)
    let start = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield parse(schema, rest.slice(start, end), ++line)
      start = end + 1
    }
    rest = rest.slice(start)
    if (rest.length > longestLine) throw mismatch(line + 1)
  }
  if (rest !== '') yield parse(schema, rest, ++line)
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true })
  } catch (cause) {
    throw new Failure('content-mismatch', 'The list is not text', { why: 'it is not text', cause })
  }
}

function parse<T>(schema: z.ZodType<T>, text: string, line: number): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw mismatch(line, cause)
  }
}

function mismatch(line: number, cause?: unknown): Failure {
  return new Failure('content-mismatch', `Line ${line} of the list is not valid`, {
    why: `line ${line} is not valid`,
    cause,
  })
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
