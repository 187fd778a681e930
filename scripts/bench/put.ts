/**
 * The upload of the tools we compare with: stdin goes in parts of 16 MiB to presigned URLs, two at a time, straight from memory. It neither
 * hashes nor signs, so it costs the others less than any client they would really use.
 * Usage: node put.ts FILE, where FILE holds a URL a line. Prints `{etags, bytes}`.
 */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'

const partSize = 16 * 1024 * 1024
const urls = readFileSync(process.argv[2]!, 'utf8').trim().split('\n')
const agent = new Agent({ keepAlive: true })
const etags: string[] = []
let bytes = 0

function put(url: string, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'PUT', agent, headers: { 'content-length': body.length } }, answer => {
      answer.resume().once('end', () => {
        if (answer.statusCode === 200) resolve(String(answer.headers.etag))
        else reject(new Error(`the store answered ${answer.statusCode} to part ${etags.length}`))
      })
    })
    call.once('error', reject).end(body)
  })
}

const free = [Buffer.allocUnsafe(partSize), Buffer.allocUnsafe(partSize)]
const waiting: ((buffer: Buffer<ArrayBuffer>) => void)[] = []
const uploads: Promise<void>[] = []
let filled = 0
let buffer = free.pop()!

function send(): void {
  const url = urls[uploads.length]
  if (!url) throw new Error(`more than ${urls.length} parts`)
  const sent = buffer
  const index = uploads.length
  bytes += filled
  uploads.push(
    put(url, sent.subarray(0, filled)).then(etag => {
      etags[index] = etag
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
console.log(JSON.stringify({ etags, bytes }))
