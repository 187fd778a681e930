import { createHash } from 'node:crypto'
import { Contents } from '../../shared/restore/contents.ts'
import { open } from '../../shared/sealed/open.ts'

/** Reads what is in a snapshot, with Node's own ciphers and hashes. */
export const contents = new Contents({
  open,
  newHash() {
    const hash = createHash('sha256')
    return { update: bytes => hash.update(bytes), base64: () => hash.digest('base64') }
  },
})
