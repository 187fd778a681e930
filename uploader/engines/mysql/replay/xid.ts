import { eventType, headerLength } from '../log/event-header.ts'

/** `X'…',X'…',1`: an XA transaction's name as the servers' statements take it. */
function name(event: Buffer, at: number, first: number, second: number, format: number): string {
  const part = (from: number, length: number) => `X'${event.toString('hex', from, from + length)}'`
  return `${part(at, first)},${part(at + first, second)},${format}`
}

/** Of MariaDB's GTID event that begins one; undefined for any other. */
export function xidBegun(type: number, event: Buffer): string | undefined {
  if (type !== eventType.mariadbGtid) return undefined
  const flags = event[headerLength + 12]!
  if ((flags & prepared) === 0) return undefined
  const at = headerLength + 13 + ((flags & committedTogether) !== 0 ? 8 : 0)
  return name(event, at + 6, event[at + 4]!, event[at + 5]!, event.readUInt32LE(at))
}

/** Of the event that prepares one. `onePhase`: it is committed at once. */
export function xidPrepared(event: Buffer): { xid: string; onePhase: boolean } {
  const at = headerLength + 1
  const [first, second] = [event.readUInt32LE(at + 4), event.readUInt32LE(at + 8)]
  return { xid: name(event, at + 12, first, second, event.readUInt32LE(at)), onePhase: event[headerLength] !== 0 }
}

const committedTogether = 0x02
const prepared = 0x40
