/** Every binary log begins with it. An encrypted one begins with `fd 62 69 6e`. */
export const magic = Buffer.from([0xfe, 0x62, 0x69, 0x6e])

export const headerLength = 19
export const checksumLength = 4

/** The kinds of events that are looked at. All numbers below 100 mean the same in MySQL and MariaDB, but for 39 to 42, which only MySQL has. */
export const eventType = {
  query: 2,
  stop: 3,
  rotate: 4,
  intvar: 5,
  rand: 13,
  userVar: 14,
  formatDescription: 15,
  xid: 16,
  beginLoadQuery: 17,
  executeLoadQuery: 18,
  tableMap: 19,
  writeRowsV1: 23,
  updateRowsV1: 24,
  deleteRowsV1: 25,
  incident: 26,
  heartbeat: 27,
  ignorable: 28,
  rowsQuery: 29,
  writeRows: 30,
  updateRows: 31,
  deleteRows: 32,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  transactionContext: 36,
  viewChange: 37,
  xaPrepare: 38,
  partialUpdateRows: 39,
  transactionPayload: 40,
  heartbeatV2: 41,
  taggedGtid: 42,
  mariadbAnnotateRows: 160,
  mariadbCheckpoint: 161,
  mariadbGtid: 162,
  mariadbGtidList: 163,
  mariadbStartEncryption: 164,
  mariadbQueryCompressed: 165,
  mariadbWriteRowsCompressedV1: 166,
  mariadbUpdateRowsCompressedV1: 167,
  mariadbDeleteRowsCompressedV1: 168,
  mariadbWriteRowsCompressed: 169,
  mariadbUpdateRowsCompressed: 170,
  mariadbDeleteRowsCompressed: 171,
} as const

const artificialFlag = 0x20

/** The first 19 bytes of an event, little-endian: time (4, Unix seconds), type (1), server id (4), size (4), next position (4), flags (2). */
export interface EventHeader {
  time: number
  type: number
  serverId: number
  /** Of the whole event, with header and checksum. */
  size: number
  /** Where the event ends in its file; the low 32 bits. */
  next: number
  flags: number
  /** Made up by the server for the reader of a stream: in no file. */
  artificial: boolean
}

/** @param bytes at least 19 from `at` on */
export function parseHeader(bytes: Buffer, at = 0): EventHeader {
  const flags = bytes.readUInt16LE(at + 17)
  return {
    time: bytes.readUInt32LE(at),
    type: bytes[at + 4]!,
    serverId: bytes.readUInt32LE(at + 5),
    size: bytes.readUInt32LE(at + 9),
    next: bytes.readUInt32LE(at + 13),
    flags,
    artificial: (flags & artificialFlag) !== 0,
  }
}
