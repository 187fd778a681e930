import { hasGoodChecksum } from './checksum.ts'
import { type LogPlace, logPlace, signature } from './fields.ts'

export interface Checkpoint {
  /** Recovery of what is on the disk begins here. Never a reason to leave a log out. */
  at: LogPlace
  signLog: string
}

export const checkpointSize = 4096
const typeCheckpoint = 4

/** @returns undefined for what is none, or is damaged: recovery does without it */
export function parseCheckpoint(bytes: Buffer): Checkpoint | undefined {
  const page = bytes.subarray(0, checkpointSize)
  if (page.length < checkpointSize || !hasGoodChecksum(page) || page.readUInt32LE(667) !== typeCheckpoint)
    return undefined
  return { at: logPlace(page, 12), signLog: signature(page, 20) }
}
