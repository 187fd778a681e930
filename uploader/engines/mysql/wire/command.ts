/** A command as one packet. @param body shorter than 16 MiB - 2 */
function packetOf(command: number, body: Buffer): Buffer {
  const packet = Buffer.alloc(5 + body.length)
  packet.writeUIntLE(body.length + 1, 0, 3)
  packet[4] = command
  body.copy(packet, 5)
  return packet
}

/** COM_STMT_PREPARE. */
export function preparePacket(sql: string): Buffer {
  return packetOf(0x16, Buffer.from(sql))
}

/** COM_STMT_EXECUTE of a statement without parameters: no cursor, once. */
export function executePacket(statement: number): Buffer {
  const body = Buffer.alloc(9)
  body.writeUInt32LE(statement, 0)
  body.writeUInt32LE(1, 5)
  return packetOf(0x17, body)
}

/** COM_STMT_CLOSE, which the server does not answer. */
export function closePacket(statement: number): Buffer {
  const body = Buffer.alloc(4)
  body.writeUInt32LE(statement, 0)
  return packetOf(0x19, body)
}
