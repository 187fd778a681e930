/** Who wants to connect. Source: MS-TDS 2.2.6.4, LOGIN7. */
export interface Login7 {
  packetSize: number
  hostName: string
  userName: string
  password: string
  programName: string
  database: string
  /** Windows' own login, by NTLM or Kerberos. */
  integrated: boolean
}

/** Where the offsets and lengths of the texts stand. */
const at = { hostName: 36, userName: 40, password: 44, programName: 48, database: 68, sspi: 78 } as const

export function readLogin(data: Buffer): Login7 {
  const bytes = (where: number) => {
    const offset = data.readUInt16LE(where)
    return data.subarray(offset, offset + 2 * data.readUInt16LE(where + 2))
  }
  const text = (where: number) => bytes(where).toString('utf16le')
  return {
    packetSize: data.readUInt32LE(8),
    hostName: text(at.hostName),
    userName: text(at.userName),
    password: Buffer.from(bytes(at.password).map(unscrambled)).toString('utf16le'),
    programName: text(at.programName),
    database: text(at.database),
    integrated: data.readUInt16LE(at.sspi + 2) > 0,
  }
}

/** A password's bytes have their halves changed and are combined with 0xA5. */
function unscrambled(byte: number): number {
  const plain = byte ^ 0xa5
  return ((plain << 4) | (plain >> 4)) & 0xff
}
