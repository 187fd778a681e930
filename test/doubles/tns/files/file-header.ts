import { seal } from './block.ts'

/** What the second block of every file says in the same places behind its head [struct kccfhhdr of the block editor BBED]. */
export interface FileIdentity {
  databaseId: number
  databaseName: string
  /** Blocks behind the first one. */
  blocks: number
  blockSize: number
  fileNumber: number
  kind: number
}

export const fileKind = { control: 1, log: 2, data: 3 } as const

const at = { compatible: 4, databaseId: 8, name: 12, blocks: 24, blockSize: 28, fileNumber: 32, kind: 34 }
const nameBytes = 8

/** @param file its second block. @param head bytes of the block's head: 20, and 16 in a redo log */
export function writeIdentity(file: Buffer, identity: FileIdentity, head: number): void {
  const block = file.subarray(head)
  const of12 = 0x0c10_0200
  block.writeUInt32LE(of12, at.compatible)
  block.writeUInt32LE(identity.databaseId, at.databaseId)
  block.fill(0, at.name, at.name + nameBytes)
  block.write(identity.databaseName.slice(0, nameBytes), at.name)
  block.writeUInt32LE(identity.blocks, at.blocks)
  block.writeUInt32LE(identity.blockSize, at.blockSize)
  block.writeUInt16LE(identity.fileNumber, at.fileNumber)
  block.writeUInt16LE(identity.kind, at.kind)
}

export function readIdentity(file: Buffer, head: number): FileIdentity {
  const block = file.subarray(head)
  return {
    databaseId: block.readUInt32LE(at.databaseId),
    databaseName: block.toString('latin1', at.name, at.name + nameBytes).replace(/\0+$/, ''),
    blocks: block.readUInt32LE(at.blocks),
    blockSize: block.readUInt32LE(at.blockSize),
    fileNumber: block.readUInt16LE(at.fileNumber),
    kind: block.readUInt16LE(at.kind),
  }
}

/** The first block of a file, from which the operating system's side learns the size of blocks: it counts as no block of the file. */
export function firstBlock(kind: number, blocks: number, blockSize: number): Buffer {
  const block = Buffer.alloc(blockSize)
  const ofLog = 0x22
  block[1] = kind === fileKind.log ? ofLog : 0xa2
  block.writeUInt32LE(blockSize, 20)
  block.writeUInt32LE(blocks, 24)
  block.writeUInt32LE(0x7a7b_7c7d, 28)
  seal(block, 16)
  return block
}
