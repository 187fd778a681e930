import { createHash, type Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { Md5Reply, Md5Request } from './md5.ts'

/** The other side of md5.ts. */
const hashes = new Map<number, Hash>()

parentPort!.on('message', (request: Md5Request) => {
  const { body } = request
  switch (request.kind) {
    case 'add': {
      const hash = hashOf(body)
      for (const chunk of request.chunks) hash.update(new Uint8Array(chunk))
      return reply({ body })
    }
    case 'digest':
      return reply({ body, digest: hashOf(body).digest() })
    case 'close':
      hashes.delete(body)
  }
})

function hashOf(body: number): Hash {
  const known = hashes.get(body)
  if (known) return known
  const hash = createHash('md5')
  hashes.set(body, hash)
  return hash
}

function reply(message: Md5Reply): void {
  parentPort!.postMessage(message)
}
