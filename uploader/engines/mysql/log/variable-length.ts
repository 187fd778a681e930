/**
 * MySQL's numbers of variable length: as many low bits of the first byte are set as further bytes follow; what is above them is the value,
 * little-endian.
 */
export function readVariable(reader: { bytes: Buffer; at: number }): bigint {
  const first = reader.bytes[reader.at]!
  let more = 0
  while (more < 8 && (first & (1 << more)) !== 0) more++
  let value = more === 8 ? 0n : BigInt(first >> (more + 1))
  const bits = BigInt(more === 8 ? 0 : 7 - more)
  for (let i = 0; i < more; i++) value |= BigInt(reader.bytes[reader.at + 1 + i]!) << (bits + BigInt(8 * i))
  reader.at += 1 + more
  return value
}
