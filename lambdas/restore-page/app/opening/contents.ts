import { sha256 } from '@noble/hashes/sha2.js'
import { base64 } from '@scure/base'
import { Contents } from '../../../../shared/restore/contents.ts'
import { openSealed } from './open-sealed.ts'

/** Reads what is in a snapshot with nothing but what a browser has. Its own SHA-256 takes only what is in memory as a whole. */
export const contents = new Contents({
  open: openSealed,
  newHash() {
    const hash = sha256.create()
    return { update: bytes => hash.update(bytes), base64: () => base64.encode(hash.digest()) }
  },
})
