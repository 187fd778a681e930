/** COM_QUERY as one packet. @param sql shorter than 16 MiB - 2 */
export function queryPacket(sql: string): Buffer {
  const text = Buffer.from(sql)
  const packet = Buffer.alloc(5 + text.length)
  packet.writeUIntLE(text.length + 1, 0, 3)
  packet[4] = 0x03
  text.copy(packet, 5)
  return packet
}
