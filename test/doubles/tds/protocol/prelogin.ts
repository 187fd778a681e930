import type { Release } from '../model/edition.ts'

/** Options of PRELOGIN. Source: MS-TDS 2.2.6.5. */
const option = { version: 0, encryption: 1, instance: 2, thread: 3, mars: 4, federation: 6, end: 0xff } as const

export const encryption = { off: 0, on: 1, unsupported: 2, required: 3 } as const

/** What the client says about encryption. */
export function readEncryption(data: Buffer): number {
  for (let at = 0; data[at] !== option.end; at += 5) {
    if (data[at] === option.encryption) return data[data.readUInt16BE(at + 1)]!
  }
  return encryption.unsupported
}

export function writePrelogin(release: Release, encryptionAnswer: number): Buffer {
  const version = Buffer.alloc(6)
  version.writeUInt8(release.major, 0)
  version.writeUInt8(release.minor, 1)
  version.writeUInt16BE(release.build, 2)
  const options: [number, Buffer][] = [
    [option.version, version],
    [option.encryption, Buffer.from([encryptionAnswer])],
    [option.instance, Buffer.from([0])],
    [option.thread, Buffer.alloc(0)],
    [option.mars, Buffer.from([0])],
    [option.federation, Buffer.from([0])],
  ]
  let offset = 5 * options.length + 1
  const table = options.map(([token, data]) => {
    const entry = Buffer.alloc(5)
    entry.writeUInt8(token, 0)
    entry.writeUInt16BE(offset, 1)
    entry.writeUInt16BE(data.length, 3)
    offset += data.length
    return entry
  })
  return Buffer.concat([...table, Buffer.from([option.end]), ...options.map(([, data]) => data)])
}
