import { ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import { fieldVersion, type Release } from './release.ts'
import { readLocator } from './types.ts'

const piggyback = 17
const closeCursors = 105
const cancelCursors = 120
const endToEnd = 135
const freeLobs = 96

/**
 * What rides before a function in the same message: cursors and temporary LOBs that the client has no more use for, and the names under
 * which it wants its session to be listed [reference 4.2, function 17].
 */
export function readPiggybacks(reader: Reader, release: Release): { cursors: number[]; blobs: number[] } {
  const closed: { cursors: number[]; blobs: number[] } = { cursors: [], blobs: [] }
  while (reader.bytes[reader.position] === piggyback) {
    reader.u8()
    const code = readFunction(reader, release)
    if (code === closeCursors || code === cancelCursors) {
      reader.u8()
      const cursors = Array.from({ length: reader.count() }, () => reader.count())
      if (code === closeCursors) closed.cursors.push(...cursors)
    } else if (code === freeLobs) closed.blobs.push(...readLobs(reader))
    else if (code === endToEnd) skipEndToEnd(reader)
    else throw new ProtocolError(`piggyback ${code}`)
  }
  return closed
}

/** The number of a function; what follows it correlates answers with requests. */
export function readFunction(reader: Reader, release: Release): number {
  const code = reader.u8()
  reader.u8()
  if (release.fieldVersion >= fieldVersion['23.1.1']) reader.integer()
  return code
}

/** Locators one behind the other, each with its length at its head. */
function readLobs(reader: Reader): number[] {
  reader.u8()
  const bytes = reader.count()
  reader.u8()
  for (let field = 0; field < 3; field++) reader.count()
  reader.take(3)
  reader.count()
  reader.u8()
  for (let field = 0; field < 3; field++) reader.count()
  reader.u8()
  for (let field = 0; field < 3; field++) {
    reader.u8()
    reader.count()
  }
  const end = reader.position + bytes
  const blobs: number[] = []
  while (reader.position < end) {
    const length = reader.bytes.readUInt16BE(reader.position) + 2
    const lob = readLocator(reader.take(length))
    if ('blob' in lob) blobs.push(lob.blob)
  }
  return blobs
}

/** Identifier, module, action, client info and the like: whether each is told and its length come first, then the texts. */
function skipEndToEnd(reader: Reader): void {
  reader.take(2)
  reader.count()
  const lengths: number[] = []
  const next = () => {
    reader.u8()
    lengths.push(reader.count())
  }
  for (let field = 0; field < 4; field++) next()
  reader.u8()
  reader.count()
  next()
  reader.u8()
  reader.count()
  reader.u8()
  reader.count()
  next()
  for (const length of lengths) if (length > 0) reader.value()
}
