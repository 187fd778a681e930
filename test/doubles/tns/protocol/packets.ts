import type { Socket } from 'node:net'
import { isNegotiation } from './native-encryption.ts'
import { ProtocolError } from './protocol-error.ts'

/** Types of packets of the network layer (TNS). */
export const packetType = { connect: 1, accept: 2, refuse: 4, redirect: 5, data: 6, marker: 12 } as const

const headerBytes = 8
const dataFlagBytes = 2
/** Set in the last packet of a request. */
const endOfRequest = 0x0800
const endOfAnswer = 0x2000
const endOfFile = 0x0040

/** A request that is whole, whose packets are joined; or that the client hangs up; or a marker. */
export type Incoming =
  | { kind: 'message'; bytes: Buffer }
  | { kind: 'end' }
  | { kind: 'marker'; mark: number }
  | { kind: 'connect'; body: Buffer }

/**
 * Cuts a connection's bytes into packets. The length at the head of each has two bytes until the connection is accepted, then four: from
 * version 315 of the protocol on data units may be large.
 */
export class Packets {
  readonly #socket: Socket
  #pending = Buffer.alloc(0)
  #message: Buffer[] = []
  #accepted = false
  #unit = 8192

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** @param unit the session data unit, the most bytes of a packet */
  accepted(unit: number): void {
    this.#accepted = true
    this.#unit = unit
  }

  /** @returns what the new bytes completed */
  *receive(bytes: Buffer): Generator<Incoming> {
    this.#pending = Buffer.concat([this.#pending, bytes])
    while (this.#pending.length >= headerBytes) {
      const length = this.#accepted ? this.#pending.readUInt32BE() : this.#pending.readUInt16BE()
      if (length < headerBytes) throw new ProtocolError(`a packet of ${length} bytes`)
      if (this.#pending.length < length) return
      const packet = this.#pending.subarray(0, length)
      this.#pending = this.#pending.subarray(length)
      const incoming = this.#read(packet[4]!, packet.subarray(headerBytes))
      if (incoming !== null) yield incoming
    }
  }

  #read(type: number, body: Buffer): Incoming | null {
    if (type === packetType.connect) return { kind: 'connect', body }
    if (type === packetType.marker) return { kind: 'marker', mark: body[2]! }
    if (type !== packetType.data) throw new ProtocolError(`a packet of type ${type}`)
    const flags = body.readUInt16BE()
    if (flags & endOfFile) return { kind: 'end' }
    this.#message.push(body.subarray(dataFlagBytes))
    // What is too long for the connect packet follows in one data packet, as a negotiation comes in one, without flags.
    if (this.#accepted && !(flags & endOfRequest) && !isNegotiation(body.subarray(dataFlagBytes))) return null
    const bytes = Buffer.concat(this.#message)
    this.#message = []
    return { kind: 'message', bytes }
  }

  send(type: number, body: Buffer): void {
    const header = Buffer.alloc(headerBytes)
    const length = headerBytes + body.length
    if (this.#accepted) header.writeUInt32BE(length)
    else header.writeUInt16BE(length)
    header[4] = type
    this.#socket.write(Buffer.concat([header, body]))
  }

  /** Splits a message at the data unit. @param marked whether the last packet says that it is the last */
  sendMessage(message: Buffer, marked: boolean): void {
    const most = this.#unit - headerBytes - dataFlagBytes
    for (let from = 0; from < message.length; from += most) {
      const flags = Buffer.alloc(dataFlagBytes)
      if (marked && from + most >= message.length) flags.writeUInt16BE(endOfAnswer)
      this.send(packetType.data, Buffer.concat([flags, message.subarray(from, from + most)]))
    }
  }

  sendMarker(mark: number): void {
    this.send(packetType.marker, Buffer.from([1, 0, mark]))
  }
}
