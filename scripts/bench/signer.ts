import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Upload } from './store.ts'

/** Says over HTTP where a part of `upload` goes, as a receiver would: `?part=1&sha256=BASE64`. */
export async function openSigner(upload: Upload): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url!, 'http://signer')
    try {
      response.end(await upload.address(Number(searchParams.get('part')), searchParams.get('sha256')!))
    } catch (error) {
      response.destroy(error as Error)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => void server.close(),
  }
}
