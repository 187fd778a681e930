import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { fold, readScn, seal, writeScn } from './block.ts'
import { fileKind, firstBlock, readIdentity, writeIdentity } from './file-header.ts'
import { decodeTime, encodeTime } from './time.ts'

export const logBlockSize = 512
const blockHeadBytes = 16
const checksumAt = 14
/** SCN of a log that is being written: all bits set. */
export const endless = 0xffff_ffff_ffffn

/** Of a redo log, in its second block (offsets as OpenLogReplicator, which replicates from such files, reads them). */
export interface LogHeader {
  databaseId: number
  databaseName: string
  thread: number
  sequence: number
  resetlogsId: number
  resetlogsScn: bigint
  firstScn: bigint
  firstTime: Date
  /** `endless` while the log is the current one. */
  nextScn: bigint
  nextTime: Date
  /** Blocks behind the first one, this header among them. */
  blocks: number
}

const at = {
  activation: 52,
  blocks: 156,
  resetlogsId: 160,
  resetlogsScn: 164,
  thread: 176,
  firstScn: 180,
  firstTime: 188,
  nextScn: 192,
  nextTime: 200,
}

/** What is written to a log. The format of records is this model's own: Oracle's is not published. */
export type RedoBody =
  /** `image` where the record holds the whole block, which mends one that is torn. */
  | { kind: 'change'; file: number; block: number; value: string; image: boolean }
  /** Written past the log: recovery can only mark the block. */
  | { kind: 'unlogged'; file: number; block: number }
  | { kind: 'end-backup'; file: number; began: bigint }
  | { kind: 'create-file'; file: number; name: string; blocks: number; tablespace: number; tablespaceName: string }
  | { kind: 'resize-file'; file: number; blocks: number }

export type Redo = RedoBody & { scn: bigint }

export function encodeLogHeader(header: LogHeader): Buffer {
  const block = Buffer.alloc(logBlockSize)
  writeBlockHead(block, 1, header.sequence)
  const { databaseId, databaseName, blocks, thread } = header
  writeIdentity(
    block,
    { databaseId, databaseName, blocks, blockSize: logBlockSize, fileNumber: thread, kind: fileKind.log },
    blockHeadBytes,
  )
  block.writeUInt32LE(databaseId, at.activation)
  block.writeUInt32LE(header.blocks, at.blocks)
  block.writeUInt32LE(header.resetlogsId, at.resetlogsId)
  writeScn(block, header.resetlogsScn, at.resetlogsScn)
  block.writeUInt16LE(header.thread, at.thread)
  writeScn(block, header.firstScn, at.firstScn)
  block.writeUInt32LE(encodeTime(header.firstTime), at.firstTime)
  writeScn(block, header.nextScn, at.nextScn)
  block.writeUInt32LE(header.nextScn === endless ? 0 : encodeTime(header.nextTime), at.nextTime)
  seal(block, checksumAt)
  return block
}

function writeBlockHead(block: Buffer, number: number, sequence: number): void {
  block[0] = 0x01
  block[1] = 0x22
  block.writeUInt32LE(number, 4)
  block.writeUInt32LE(sequence, 8)
}

/** The blocks of records behind the header, as a log and its archived copy hold them. @param first number of the first block */
export function encodeRecords(records: Buffer, first: number, sequence: number): Buffer {
  const room = logBlockSize - blockHeadBytes
  const blocks: Buffer[] = []
  for (let from = 0; from < records.length; from += room) {
    const block = Buffer.alloc(logBlockSize)
    writeBlockHead(block, first + blocks.length, sequence)
    records.copy(block, blockHeadBytes, from, from + room)
    seal(block, checksumAt)
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}

/** Length, then the record. */
export function encodeRecord(redo: Redo): Buffer {
  const text = Buffer.from(
    JSON.stringify({ ...redo, scn: String(redo.scn) }, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  return Buffer.concat([length, text])
}

export interface RedoLog {
  header: LogHeader
  records: Redo[]
}

/** @returns null for a file that is no redo log, is cut short or is damaged */
export function readLog(path: string): RedoLog | null {
  const bytes = readFileSync(path)
  if (bytes.length < 2 * logBlockSize || bytes.length % logBlockSize !== 0) return null
  const head = bytes.subarray(logBlockSize, 2 * logBlockSize)
  if (fold(head) !== 0 || head[1] !== 0x22) return null
  const { databaseId, databaseName } = readIdentity(head, blockHeadBytes)
  const header: LogHeader = {
    databaseId,
    databaseName,
    thread: head.readUInt16LE(at.thread),
    sequence: head.readUInt32LE(8),
    resetlogsId: head.readUInt32LE(at.resetlogsId),
    resetlogsScn: readScn(head, at.resetlogsScn),
    firstScn: readScn(head, at.firstScn),
    firstTime: decodeTime(head.readUInt32LE(at.firstTime)),
    nextScn: readScn(head, at.nextScn),
    nextTime: decodeTime(head.readUInt32LE(at.nextTime)),
    blocks: head.readUInt32LE(at.blocks),
  }
  if (bytes.length < (header.blocks + 1) * logBlockSize) return null
  const pieces: Buffer[] = []
  for (let number = 2; number <= header.blocks; number++) {
    const block = bytes.subarray(number * logBlockSize, (number + 1) * logBlockSize)
    if (fold(block) !== 0 || block.readUInt32LE(8) !== header.sequence) return null
    pieces.push(block.subarray(blockHeadBytes))
  }
  return { header, records: decodeRecords(Buffer.concat(pieces)) }
}

function decodeRecords(bytes: Buffer): Redo[] {
  const records: Redo[] = []
  for (let offset = 0; offset + 4 <= bytes.length; ) {
    const length = bytes.readUInt32LE(offset)
    if (length === 0) break
    const record = JSON.parse(bytes.toString('utf8', offset + 4, offset + 4 + length))
    const began = record.began === undefined ? {} : { began: BigInt(record.began) }
    records.push({ ...record, ...began, scn: BigInt(record.scn) })
    offset += 4 + length
  }
  return records
}

/** Writes a whole log. @param header its number of blocks is set to what the records need */
export function writeLog(path: string, header: Omit<LogHeader, 'blocks'>, records: Buffer): { blocks: number } {
  const body = encodeRecords(records, 2, header.sequence)
  const blocks = 1 + body.length / logBlockSize
  const file = openSync(path, 'w')
  try {
    writeSync(file, firstBlock(fileKind.log, blocks, logBlockSize))
    writeSync(file, encodeLogHeader({ ...header, blocks }))
    writeSync(file, body)
  } finally {
    closeSync(file)
  }
  return { blocks }
}
