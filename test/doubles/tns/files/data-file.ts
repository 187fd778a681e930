import { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { blockType, decodeBlock, encodeBlock, headBytes, readScn, seal, writeScn } from './block.ts'
import { type FileIdentity, fileKind, firstBlock, readIdentity, writeIdentity } from './file-header.ts'
import { decodeTime, encodeTime } from './time.ts'

/** Of a data file, in its second block [struct kcvfh of the block editor BBED, whose offsets these are]. */
export interface DataFileHeader {
  identity: FileIdentity
  tablespace: number
  tablespaceName: string
  relativeNumber: number
  creationScn: bigint
  creationTime: Date
  resetlogsId: number
  resetlogsScn: bigint
  /** Set while the file is in backup mode: the header then stands still at the SCN at which it began. */
  inBackup: boolean
  /** Whether blocks may be newer than the checkpoint. */
  fuzzy: boolean
  backupScn: bigint
  checkpointScn: bigint
  checkpointTime: Date
  checkpointThread: number
  checkpointSequence: number
  checkpointCount: number
}

const at = {
  creationScn: 100,
  creationTime: 108,
  resetlogsId: 112,
  resetlogsScn: 116,
  backupScn: 128,
  status: 138,
  checkpointCount: 140,
  tablespace: 332,
  nameLength: 336,
  name: 338,
  relativeNumber: 368,
  checkpointScn: 484,
  checkpointTime: 492,
  checkpointThread: 496,
  checkpointSequence: 500,
}
const status = { inBackup: 0x0001, fuzzy: 0x0004 }
const headerBlock = 1

export function encodeDataFileHeader(header: DataFileHeader): Buffer {
  const { blockSize, fileNumber } = header.identity
  const block = encodeBlock(
    { type: blockType.header, file: fileNumber, number: headerBlock, scn: 0n, payload: Buffer.alloc(0) },
    blockSize,
  )
  writeIdentity(block, header.identity, headBytes)
  writeScn(block, header.creationScn, at.creationScn)
  block.writeUInt32LE(encodeTime(header.creationTime), at.creationTime)
  block.writeUInt32LE(header.resetlogsId, at.resetlogsId)
  writeScn(block, header.resetlogsScn, at.resetlogsScn)
  writeScn(block, header.backupScn, at.backupScn)
  block.writeUInt16LE((header.inBackup ? status.inBackup : 0) + (header.fuzzy ? status.fuzzy : 0), at.status)
  block.writeUInt32LE(header.checkpointCount, at.checkpointCount)
  block.writeInt32LE(header.tablespace, at.tablespace)
  const name = Buffer.from(header.tablespaceName)
  block.writeUInt16LE(name.length, at.nameLength)
  name.copy(block, at.name)
  block.writeUInt32LE(header.relativeNumber, at.relativeNumber)
  writeScn(block, header.checkpointScn, at.checkpointScn)
  block.writeUInt32LE(encodeTime(header.checkpointTime), at.checkpointTime)
  block.writeUInt16LE(header.checkpointThread, at.checkpointThread)
  block.writeUInt32LE(header.checkpointSequence, at.checkpointSequence)
  seal(block, 16)
  return block
}

/** @returns null where the block is damaged or heads no data file */
export function decodeDataFileHeader(block: Buffer): DataFileHeader | null {
  if (decodeBlock(block)?.type !== blockType.header) return null
  const identity = readIdentity(block, headBytes)
  if (identity.kind !== fileKind.data) return null
  const bits = block.readUInt16LE(at.status)
  return {
    identity,
    tablespace: block.readInt32LE(at.tablespace),
    tablespaceName: block.toString('utf8', at.name, at.name + block.readUInt16LE(at.nameLength)),
    relativeNumber: block.readUInt32LE(at.relativeNumber),
    creationScn: readScn(block, at.creationScn),
    creationTime: decodeTime(block.readUInt32LE(at.creationTime)),
    resetlogsId: block.readUInt32LE(at.resetlogsId),
    resetlogsScn: readScn(block, at.resetlogsScn),
    inBackup: (bits & status.inBackup) !== 0,
    fuzzy: (bits & status.fuzzy) !== 0,
    backupScn: readScn(block, at.backupScn),
    checkpointScn: readScn(block, at.checkpointScn),
    checkpointTime: decodeTime(block.readUInt32LE(at.checkpointTime)),
    checkpointThread: block.readUInt16LE(at.checkpointThread),
    checkpointSequence: block.readUInt32LE(at.checkpointSequence),
    checkpointCount: block.readUInt32LE(at.checkpointCount),
  }
}

/** Where the first data block lies: behind the header, and the block of free space that follows it. */
export const firstDataBlock = 3

/** What a block of data holds: one value, as a model of all the rows that it might hold. */
export function encodeValue(file: number, number: number, scn: bigint, value: string, blockSize: number): Buffer {
  const text = Buffer.from(value)
  const payload = Buffer.alloc(2 + text.length)
  payload.writeUInt16LE(text.length)
  text.copy(payload, 2)
  return encodeBlock({ type: blockType.data, file, number, scn, payload }, blockSize)
}

/** @returns null for a block that is torn or damaged */
export function decodeValue(bytes: Buffer): { scn: bigint; value: string } | null {
  const block = decodeBlock(bytes)
  if (block === null) return null
  const length = block.payload.readUInt16LE()
  return { scn: block.scn, value: block.payload.toString('utf8', 2, 2 + length) }
}

/** Writes a file of empty blocks. @param header its identity tells the number of blocks */
export function createDataFile(path: string, header: DataFileHeader): void {
  const { blocks, blockSize, fileNumber } = header.identity
  const file = openSync(path, 'w')
  try {
    writeSync(file, firstBlock(fileKind.data, blocks, blockSize))
    writeSync(file, encodeDataFileHeader(header))
    for (let number = headerBlock + 1; number <= blocks; number++)
      writeSync(file, encodeValue(fileNumber, number, header.creationScn, '', blockSize))
  } finally {
    closeSync(file)
  }
}

/** Appends empty blocks. @param header of the file as it is to be */
export function extendDataFile(path: string, header: DataFileHeader, from: number, scn: bigint): void {
  const { blocks, blockSize, fileNumber } = header.identity
  for (let number = from + 1; number <= blocks; number++)
    writeBlocks(path, encodeValue(fileNumber, number, scn, '', blockSize), number * blockSize)
  writeBlocks(path, firstBlock(fileKind.data, blocks, blockSize), 0)
  writeHeader(path, header)
}

export function writeHeader(path: string, header: DataFileHeader): void {
  writeBlocks(path, encodeDataFileHeader(header), headerBlock * header.identity.blockSize)
}

export function writeBlocks(path: string, bytes: Buffer, offset: number): void {
  const file = openSync(path, 'r+')
  try {
    writeSync(file, bytes, 0, bytes.length, offset)
  } finally {
    closeSync(file)
  }
}

export function readBlock(path: string, number: number, blockSize: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(blockSize)
    readSync(file, bytes, 0, blockSize, number * blockSize)
    return bytes
  } finally {
    closeSync(file)
  }
}

/** @returns null where the file is not there, or heads no data file */
export function readHeader(path: string): DataFileHeader | null {
  if (!existsSync(path)) return null
  const blockSize = readBlock(path, 0, headBytes + 12).readUInt32LE(20)
  return blockSize >= 2048 ? decodeDataFileHeader(readBlock(path, headerBlock, blockSize)) : null
}

/** Every data block of a file by its number; null for one that is torn or damaged. */
export function readValues(path: string): Map<number, { scn: bigint; value: string } | null> {
  const bytes = readFileSync(path)
  const blockSize = bytes.readUInt32LE(20)
  const values = new Map<number, { scn: bigint; value: string } | null>()
  for (let number = firstDataBlock; (number + 1) * blockSize <= bytes.length; number++)
    values.set(number, decodeValue(bytes.subarray(number * blockSize, (number + 1) * blockSize)))
  return values
}
