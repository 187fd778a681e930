import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** The additional checksums this server can compute; a request for another one is answered 501. */
export type Algorithm = 'SHA256' | 'CRC32'

export interface Checksum {
  algorithm: Algorithm
  /** COMPOSITE is over the parts' digests and ends in `-<parts>`. */
  type: 'FULL_OBJECT' | 'COMPOSITE'
  /** Base64. */
  value: string
}

export interface Hasher {
  update(chunk: Uint8Array): void
  digest(): Buffer
}

export function hasher(algorithm: Algorithm | 'MD5'): Hasher {
  switch (algorithm) {
    case 'SHA256':
    case 'MD5': {
      const hash = createHash(algorithm)
      return { update: chunk => void hash.update(chunk), digest: () => hash.digest() }
    }
    case 'CRC32': {
      let sum = 0
      return {
        update: chunk => {
          sum = crc32(chunk, sum)
        },
        digest: () => {
          const bytes = Buffer.alloc(4)
          bytes.writeUInt32BE(sum)
          return bytes
        },
      }
    }
  }
}

/** The checksum of a multipart object: over its parts' digests laid end to end. @param digests base64 */
export function composite(algorithm: Algorithm, digests: string[]): Checksum {
  const sum = hasher(algorithm)
  for (const digest of digests) sum.update(Buffer.from(digest, 'base64'))
  return { algorithm, type: 'COMPOSITE', value: `${sum.digest().toString('base64')}-${digests.length}` }
}

/** The ETag of a multipart object. @param etags hex, without quotes */
export function compositeEtag(etags: string[]): string {
  const sum = hasher('MD5')
  for (const etag of etags) sum.update(Buffer.from(etag, 'hex'))
  return `${sum.digest().toString('hex')}-${etags.length}`
}

export const digestLength: Record<Algorithm, number> = { SHA256: 32, CRC32: 4 }
