/**
 * The upload of the tools we compare with: stdin goes in parts of 16 MiB to presigned URLs, two at a time, straight from memory, each with its SHA-256, which
 * the store checks, as it checks ours. It does not sign, so it costs the others no more than a client they would really use.
 * Usage: node put.ts SIGNER, a URL that answers `?part=1&sha256=BASE64` with where the part goes. Prints `{parts: [{etag, sha256}], bytes}`.
 */
import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'

const partSize = 16 * 1024 * 1024
const signer = process.argv[2]!
const agent = new Agent({ keepAlive: true })
const parts: { etag: string; sha256: string }[] = []
let bytes = 0

async function put(part: number, body: Buffer): Promise<void> {
  const sha256 = createHash('sha256').update(body).digest('base64')
  const { text: url } = await call('GET', `${signer}?${new URLSearchParams({ part: String(part), sha256 })}`)
  const headers = { 'content-length': body.length, 'x-amz-checksum-sha256': sha256 }
  const { etag } = await call('PUT', url, headers, body)
  parts[part - 1] = { etag, sha256 }
}

function call(method: string, url: string, headers = {}, body?: Buffer): Promise<{ text: string; etag: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent, headers }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', piece => {
        text += piece
      })
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve({ text, etag: String(answer.headers.etag) })
        else reject(new Error(`${method} was answered with ${answer.statusCode}: ${text}`))
      })
    })
    outgoing.once('error', reject).end(body)
  })
}

const free = [Buffer.allocUnsafe(partSize), Buffer.allocUnsafe(partSize)]
const waiting: ((buffer: Buffer<ArrayBuffer>) => void)[] = []
const uploads: Promise<void>[] = []
let filled = 0
let buffer = free.pop()!

function send(): void {
  const sent = buffer
  bytes += filled
  uploads.push(
    put(uploads.length + 1, sent.subarray(0, filled)).then(() => {
      const next = waiting.shift()
      if (next) next(sent)
      else free.push(sent)
    }),
  )
  filled = 0
}

for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
  for (let from = 0; from < chunk.length; ) {
    const taken = chunk.copy(buffer, filled, from)
    from += taken
    filled += taken
    if (filled < partSize) continue
    send()
    buffer = free.pop() ?? (await new Promise<Buffer<ArrayBuffer>>(resolve => waiting.push(resolve)))
  }
}
if (filled > 0) send()
await Promise.all(uploads)
agent.destroy()
console.log(JSON.stringify({ parts, bytes }))
