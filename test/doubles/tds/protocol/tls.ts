import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type SecureContext, TLSSocket } from 'node:tls'
import { headerSize, MessageReader, packetType, toPackets } from './packet.ts'

/** First byte of TLS's own records, which follow the handshake bare. */
const tlsRecords = [0x14, 0x15, 0x17]
/** The handshake's packets are not longer than this. */
const handshakePacket = 4096

/**
 * TDS carries the TLS handshake in PRELOGIN messages, one answer to each of the client's; what comes after it is bare TLS.
 * Source: MS-TDS 2.2.6.5 and 3.2.5.1, TLS negotiation.
 *
 * The stream stands between a TLSSocket and the connection: the TLSSocket writes and reads bare TLS.
 */
class HandshakeTunnel extends Duplex {
  readonly #socket: Socket
  readonly #reader = new MessageReader()
  #wrapped = true
  #flight: Buffer[] = []

  constructor(socket: Socket) {
    super()
    this.#socket = socket
    socket.on('close', () => this.destroy())
  }

  /** Data of the connection. */
  receive(chunk: Buffer): void {
    if (this.#wrapped && tlsRecords.includes(chunk[0]!)) this.#wrapped = false
    if (!this.#wrapped) this.push(chunk)
    else for (const message of this.#reader.push(chunk)) this.push(message.data)
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.#wrapped) {
      this.#socket.write(chunk)
      done()
      return
    }
    // A flight is several writes, and must be one message.
    this.#flight.push(chunk)
    if (this.#flight.length === 1) setImmediate(() => this.#sendFlight())
    done()
  }

  override _final(done: () => void): void {
    this.#socket.end()
    done()
  }

  #sendFlight(): void {
    const flight = Buffer.concat(this.#flight)
    this.#flight = []
    this.#socket.write(toPackets(packetType.prelogin, flight, handshakePacket + headerSize, true))
  }
}

/** The server's side of TLS on a connection whose PRELOGIN has been answered. */
export function startTls(socket: Socket, secureContext: SecureContext): TLSSocket {
  const tunnel = new HandshakeTunnel(socket)
  socket.on('data', chunk => tunnel.receive(chunk))
  return new TLSSocket(tunnel, { isServer: true, secureContext })
}
