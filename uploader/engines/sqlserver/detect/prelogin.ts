import { connect } from 'node:net'

/** What a server says before anybody logs in. */
export interface Prelogin {
  /** `16.0.4175` */
  version: string
}

const patience = 3_000
/** An answer is much shorter; what sends more is something else. */
const longest = 4096

/** Types of packets, and options of PRELOGIN: Microsoft, MS-TDS 2.2.3.1 and 2.2.6.5. */
const preloginPacket = 0x12
const reply = 0x04
const headerSize = 8
const option = { version: 0, encryption: 1, end: 0xff } as const

/** A version of no importance, and whatever encryption the server wants: it is not gone on with. */
const question = (() => {
  const options = [option.version, 0, 11, 0, 6, option.encryption, 0, 17, 0, 1, option.end]
  const data = [0, 0, 0, 0, 0, 0, 0]
  const length = headerSize + options.length + data.length
  return Buffer.from([preloginPacket, 1, length >> 8, length & 0xff, 0, 0, 1, 0, ...options, ...data])
})()

/** Undefined where no SQL Server answers. */
export function askPrelogin(host: string, port: number, signal: AbortSignal): Promise<Prelogin | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    let received = Buffer.alloc(0)
    const stop = () => socket.destroy()
    signal.addEventListener('abort', stop, { once: true })
    socket.setTimeout(patience, stop)
    socket.on('connect', () => socket.write(question))
    socket.on('error', () => {}) // nobody there: `close` follows
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      if (received.length >= longest || isWhole(received)) stop()
    })
    socket.on('close', () => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) reject(signal.reason)
      else resolve(isWhole(received) ? parse(received) : undefined)
    })
  })
}

function isWhole(packet: Buffer): boolean {
  return packet.length >= headerSize && packet.length >= packet.readUInt16BE(2)
}

function parse(packet: Buffer): Prelogin | undefined {
  if (packet[0] !== reply) return undefined
  const options = packet.subarray(headerSize)
  for (let at = 0; at + 5 <= options.length && options[at] !== option.end; at += 5) {
    if (options[at] !== option.version) continue
    const [offset, length] = [options.readUInt16BE(at + 1), options.readUInt16BE(at + 3)]
    if (length < 6 || offset + length > options.length) return undefined
    const version = options.subarray(offset)
    return { version: `${version[0]}.${version[1]}.${version.readUInt16BE(2)}` }
  }
  return undefined
}
