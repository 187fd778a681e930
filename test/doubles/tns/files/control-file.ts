import { readFileSync, writeFileSync } from 'node:fs'
import { blockType, decodeBlock, encodeBlock, headBytes, payloadBytes, seal } from './block.ts'
import { fileKind, firstBlock, readIdentity, writeIdentity } from './file-header.ts'

const blockSize = 16_384

/** What a control file tells of the database. Its records are this model's own: Oracle's are not published. */
export interface ControlFile {
  databaseId: number
  databaseName: string
  /** Of a copy that BACKUP CONTROLFILE made, which opens with RESETLOGS alone. */
  isBackup: boolean
  resetlogsId: number
  resetlogsScn: bigint
  checkpointScn: bigint
  threads: number[]
  dataFiles: {
    number: number
    name: string
    blocks: number
    creationScn: bigint
    readOnly: boolean
    offline: boolean
  }[]
}

/** Bytes of a control file: a block that the file's size is read from, the header, then the records. */
export function writeControlFile(path: string, control: ControlFile): void {
  const text = Buffer.from(JSON.stringify(control, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)))
  const room = payloadBytes(blockSize)
  const pieces: Buffer[] = []
  for (let from = 0; from < text.length; from += room)
    pieces.push(
      encodeBlock(
        {
          type: blockType.control,
          file: 0,
          number: pieces.length + 2,
          scn: 0n,
          payload: text.subarray(from, from + room),
        },
        blockSize,
      ),
    )
  const blocks = pieces.length + 1
  const header = encodeBlock(
    { type: blockType.control, file: 0, number: 1, scn: 0n, payload: Buffer.alloc(0) },
    blockSize,
  )
  const { databaseId, databaseName } = control
  writeIdentity(
    header,
    { databaseId, databaseName, blocks, blockSize, fileNumber: 0, kind: fileKind.control },
    headBytes,
  )
  seal(header, 16)
  writeFileSync(path, Buffer.concat([firstBlock(fileKind.control, blocks, blockSize), header, ...pieces]))
}

/** @returns null for a file that is no control file, is cut short or is damaged */
export function readControlFile(path: string): ControlFile | null {
  const bytes = readFileSync(path)
  if (bytes.length < 2 * blockSize || bytes.length % blockSize !== 0) return null
  const header = bytes.subarray(blockSize, 2 * blockSize)
  const { kind, blocks } = readIdentity(header, headBytes)
  if (decodeBlock(header) === null || kind !== fileKind.control || bytes.length !== (blocks + 1) * blockSize)
    return null
  const pieces: Buffer[] = []
  for (let number = 2; number <= blocks; number++) {
    const block = decodeBlock(bytes.subarray(number * blockSize, (number + 1) * blockSize))
    if (block === null) return null
    pieces.push(block.payload)
  }
  const text = Buffer.concat(pieces).toString().replace(/\0+$/, '')
  return JSON.parse(text, (_, value) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  )
}
