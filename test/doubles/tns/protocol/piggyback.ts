import { ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'

const piggyback = 17
const closeCursors = 105
const cancelCursors = 120
const endToEnd = 135

/**
 * What rides before a function in the same message: cursors that the client has no more use for, and the names under which it wants its
 * session to be listed [reference 4.2, function 17].
 *
 * @param closed with the numbers of cursors
 */
export function skipPiggybacks(reader: Reader, closed: (cursors: number[]) => void): void {
  while (reader.bytes[reader.position] === piggyback) {
    reader.u8()
    const code = reader.u8()
    reader.u8()
    if (code === closeCursors || code === cancelCursors) {
      reader.u8()
      const cursors = Array.from({ length: reader.count() }, () => reader.count())
      if (code === closeCursors) closed(cursors)
    } else if (code === endToEnd) skipEndToEnd(reader)
    else throw new ProtocolError(`piggyback ${code}`)
  }
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
