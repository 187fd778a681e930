import { connect } from 'node:net'
import type { Address } from '../wire/socket.ts'

/** What a server says before anybody logs in. */
export interface Greeting {
  /** `10.11.14-MariaDB-0+deb12u2` */
  version: string
  /** Counts the connections of this server, of everybody. */
  connection: number
}

const patience = 3_000
/** A greeting is much shorter; what sends more is something else. */
const longest = 1024

/** Undefined where no MySQL or MariaDB server answers that lets this computer in. */
export function greet(address: Address, signal: AbortSignal): Promise<Greeting | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(address)
    let received = Buffer.alloc(0)
    const stop = () => socket.destroy()
    signal.addEventListener('abort', stop, { once: true })
    socket.setTimeout(patience, stop)
    socket.on('error', () => {}) // nobody there: `close` follows
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (received.length >= longest || parse(received)) stop()
    })
    socket.on('close', () => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) reject(signal.reason)
      else resolve(parse(received))
    })
  })
}

/** Length (3), sequence (1), protocol 10, the version up to a zero, the connection's number (4). */
function parse(packet: Buffer): Greeting | undefined {
  if (packet.length < 5 || packet[4] !== 10) return undefined
  const end = packet.indexOf(0, 5)
  if (end < 0 || packet.length < end + 5) return undefined
  const version = packet.toString('latin1', 5, end).replace(/^5\.5\.5-(?=\d)/, '')
  return /^\d+\.\d+/.test(version) ? { version, connection: packet.readUInt32LE(end + 1) } : undefined
}

/**
 * Whether two addresses lead to one server, without logging in: each server counts its own connections, so that those of one interleave in order. Two
 * servers would have to count alike by chance, twice.
 */
export async function isSameServer(one: Address, other: Address, signal: AbortSignal): Promise<boolean> {
  let last: Greeting | undefined
  for (const address of [one, other, one, other]) {
    const greeting = await greet(address, signal)
    if (!greeting) return false
    if (last && (greeting.version !== last.version || greeting.connection <= last.connection)) return false
    last = greeting
  }
  return true
}
