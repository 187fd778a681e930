/** Types of TDS messages. Source: MS-TDS 2.2.3.1.1. */
export const packetType = {
  batch: 0x01,
  rpc: 0x03,
  reply: 0x04,
  attention: 0x06,
  transaction: 0x0e,
  login: 0x10,
  authentication: 0x11,
  prelogin: 0x12,
} as const

export const headerSize = 8
const endOfMessage = 0x01
/** The client takes the connection from a pool and wants it as new. */
const resetConnection = 0x08

export interface Message {
  type: number
  reset: boolean
  data: Buffer
}

/** Puts packets together to messages. */
export class MessageReader {
  #buffer: Buffer = Buffer.alloc(0)
  #parts: Buffer[] = []
  #reset = false

  push(chunk: Buffer): Message[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    const messages: Message[] = []
    while (this.#buffer.length >= headerSize) {
      const length = this.#buffer.readUInt16BE(2)
      if (this.#buffer.length < length) break
      const [type, status] = this.#buffer
      this.#parts.push(this.#buffer.subarray(headerSize, length))
      this.#reset ||= (status! & resetConnection) !== 0
      this.#buffer = this.#buffer.subarray(length)
      if ((status! & endOfMessage) === 0) continue
      messages.push({ type: type!, reset: this.#reset, data: Buffer.concat(this.#parts) })
      this.#parts = []
      this.#reset = false
    }
    return messages
  }
}

/** Cuts data into packets. @param size of a packet with its header. @param end the last packet ends the message */
export function toPackets(type: number, data: Buffer, size: number, end: boolean): Buffer {
  const room = size - headerSize
  const count = Math.max(1, Math.ceil(data.length / room))
  const packets = Array.from({ length: count }, (_, at) => {
    const part = data.subarray(at * room, (at + 1) * room)
    const header = Buffer.alloc(headerSize)
    header.writeUInt8(type, 0)
    header.writeUInt8(end && at === count - 1 ? endOfMessage : 0, 1)
    header.writeUInt16BE(headerSize + part.length, 2)
    header.writeUInt8((at + 1) & 0xff, 6)
    return Buffer.concat([header, part])
  })
  return Buffer.concat(packets)
}
