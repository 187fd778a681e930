import { type FileHandle, open } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { Failure, messageOf } from '../../shared/failure.ts'
import { stagingFailure } from '../staging/failures.ts'
import type { StagedPart } from '../staging/pack-writer.ts'

/** A presigned URL and the headers that its signature binds. */
export interface Target {
  url: string
  headers: Record<string, string>
}

/** The storage answered, and not with 200. */
export class PutRefused extends Error {
  readonly status: number
  /** S3's own word, e.g. `SlowDown`; empty where it gave none. */
  readonly code: string

  constructor(status: number, body: string) {
    const code = body.match(/<Code>([^<]{1,100})<\/Code>/)?.[1] ?? ''
    super(`the storage answered ${status}${code && ` ${code}`}`)
    this.status = status
    this.code = code
  }
}

/** The connection broke, fell silent or never came about: it is unknown what the storage has. */
export class PutBroken extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}

/**
 * Sends a part file to its URL, once.
 * @param onBytes how many bytes of the part have gone out so far
 * @throws PutRefused, PutBroken or a Failure of the staging directory; anything else is a mistake that no other try heals
 */
export type PutPart = (
  part: StagedPart,
  target: Target,
  signal: AbortSignal,
  onBytes: (sent: number) => void,
) => Promise<void>

/** No byte in either direction for so long: the connection is dead. */
const silence = 60_000
const pieceSize = 256 * 1024

/** @returns a PutPart on connections that are kept, and how to close them */
export function newPutPart(
  connections: number,
  { timeout = silence }: { timeout?: number } = {},
): { put: PutPart; close(): void } {
  const options = { keepAlive: true, maxSockets: connections }
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }
  // One buffer for each connection, used again and again: reading into new ones leaves more garbage than the collector keeps up with.
  const buffers: Buffer[] = []

  const put: PutPart = async (part, target, signal, onBytes) => {
    const url = new URL(target.url)
    const agent = url.protocol === 'http:' ? agents['http:'] : agents['https:']
    const { request } = url.protocol === 'http:' ? http : https
    const headers = { ...target.headers, 'content-length': String(part.size) }
    const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(pieceSize)
    const file = await open(part.path).catch(error => {
      throw stagingFailure(error, part.path)
    })
    try {
      const outgoing = request(url, { method: 'PUT', headers, agent, signal, timeout })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no byte moved for ${timeout / 1000} seconds`)))
      await exchange(outgoing, file, part, buffer, onBytes)
    } finally {
      await file.close()
      buffers.push(buffer)
    }
  }

  return {
    put,
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** Sends the body and reads the answer; the connection is done with the file and the buffer when this ends. */
async function exchange(
  outgoing: http.ClientRequest,
  file: FileHandle,
  part: StagedPart,
  buffer: Buffer,
  onBytes: (sent: number) => void,
): Promise<void> {
  const answer = answerOf(outgoing)
  const sending = send(file, part, outgoing, buffer, onBytes)
  try {
    // An answer before the end of the body is a refusal: the rest need not be sent.
    const { status, checksum, body } = await Promise.race([answer, sending.then(() => answer)])
    if (status !== 200) throw new PutRefused(status, body)
    if (checksum !== undefined && checksum !== part.digest.toString('base64'))
      throw new Error('the storage holds another checksum than was sent')
  } catch (error) {
    throw error instanceof Failure || error instanceof PutRefused ? error : new PutBroken(error)
  } finally {
    if (!outgoing.writableFinished) outgoing.destroy()
    await sending.catch(() => {})
  }
}

async function send(
  file: FileHandle,
  part: StagedPart,
  outgoing: http.ClientRequest,
  buffer: Buffer,
  onBytes: (sent: number) => void,
): Promise<void> {
  let sent = 0
  let closed = false
  const end = new Promise<never>((_, reject) => {
    outgoing.once('close', () => {
      closed = true
      reject(outgoing.errored ?? new Error('the connection was closed'))
    })
  })
  end.catch(() => {})
  while (sent < part.size && !closed) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, part.size - sent), sent).catch(error => {
      throw stagingFailure(error, part.path)
    })
    if (bytesRead === 0) throw stagingFailure(new Error('a part file is shorter than it was written'), part.path)
    // The buffer is free again when the piece was handed to the kernel.
    const written = new Promise<void>((resolve, reject) =>
      outgoing.write(buffer.subarray(0, bytesRead), error => (error ? reject(error) : resolve())),
    )
    await Promise.race([written, end])
    sent += bytesRead
    onBytes(sent)
  }
  outgoing.end()
}

function answerOf(outgoing: http.ClientRequest) {
  const answer = new Promise<{ status: number; checksum: string | undefined; body: string }>((resolve, reject) => {
    outgoing.once('error', reject)
    outgoing.once('response', response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', piece => {
        // An error document of S3 is short; whatever is longer comes from something else.
        if (body.length < 16_384) body += piece
      })
      response.once('error', reject)
      response.once('close', () => reject(new Error('the answer broke off')))
      response.once('end', () => {
        const checksum = response.headers['x-amz-checksum-sha256']
        resolve({ status: response.statusCode ?? 0, checksum: checksum?.toString(), body })
      })
    })
  })
  answer.catch(() => {})
  return answer
}
