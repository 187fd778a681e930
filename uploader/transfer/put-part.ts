import { type FileHandle, open } from 'node:fs/promises'
import type http from 'node:http'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { Connections } from '../network/connections.ts'
import { requireFromHost } from '../network/proxy-refused.ts'
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
  /** Milliseconds that the storage asked to wait; 0 where it did not. */
  readonly retryAfter: number

  constructor(status: number, body: string, retryAfter: number) {
    const code = body.match(/<Code>([^<]{1,100})<\/Code>/)?.[1] ?? ''
    super(`the storage answered ${status}${code && ` ${code}`}`)
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
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
 * @param onBytes how many bytes of the part have gone out so far; no more go out until what it returns is done
 * @throws PutRefused, PutBroken or a Failure of the staging directory or of the way to the storage; anything else is a mistake that no other try heals
 */
export type PutPart = (part: StagedPart, target: Target, signal: AbortSignal, onBytes: OnBytes) => Promise<void>

type OnBytes = (sent: number) => Promise<void> | void

/** No byte in either direction for so long: the connection is dead. */
const silence = 60_000
/** So many bytes go out at once. */
export const pieceSize = 256 * 1024
/** An answer that comes in drops is not waited for longer than so many times the silence. */
const answerPatience = 5

/** @returns a PutPart on these connections */
export function newPutPart(connections: Connections, { timeout = silence }: { timeout?: number } = {}): PutPart {
  // One buffer for each connection, used again and again: reading into new ones leaves more garbage than the collector keeps up with.
  const buffers: Buffer[] = []

  return async (part, target, signal, onBytes) => {
    const url = new URL(target.url)
    const headers = { ...target.headers, 'content-length': String(part.size) }
    const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(pieceSize)
    const file = await open(part.path).catch(error => {
      throw stagingFailure(error, part.path)
    })
    try {
      const outgoing = connections.request(url, { method: 'PUT', headers, signal, timeout })
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no byte moved for ${timeout / 1000} seconds`)))
      await exchange(outgoing, file, part, buffer, onBytes, timeout * answerPatience)
    } catch (error) {
      if (error instanceof Failure || error instanceof PutRefused) throw error
      throw (await connections.failure(error, url)) ?? new PutBroken(error)
    } finally {
      await file.close()
      buffers.push(buffer)
    }
  }
}

/** Sends the body and reads the answer; the connection is done with the file and the buffer when this ends. */
async function exchange(
  outgoing: http.ClientRequest,
  file: FileHandle,
  part: StagedPart,
  buffer: Buffer,
  onBytes: OnBytes,
  longest: number,
): Promise<void> {
  const answer = answerOf(outgoing)
  const sending = send(file, part, outgoing, buffer, onBytes)
  let drip: NodeJS.Timeout | undefined
  const bounded = () => {
    drip = setTimeout(() => outgoing.destroy(new Error('the answer does not come to an end')), longest)
    return answer
  }
  try {
    // An answer before the end of the body is a refusal: the rest need not be sent.
    const { status, checksum, retryAfter, body } = await Promise.race([answer, sending.then(bounded)])
    requireFromHost(status)
    if (status !== 200) throw new PutRefused(status, body, retryAfter)
    // A part file is given up for this answer: it must be of somebody who has read the part, and not of a portal in between.
    if (checksum !== part.digest.toString('base64'))
      throw new Error(
        checksum === undefined ? 'the answer names no checksum' : 'the storage holds another checksum than was sent',
      )
  } finally {
    if (!outgoing.writableFinished) outgoing.destroy()
    await sending.catch(() => {})
    clearTimeout(drip)
  }
}

async function send(
  file: FileHandle,
  part: StagedPart,
  outgoing: http.ClientRequest,
  buffer: Buffer,
  onBytes: OnBytes,
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
    await Promise.race([onBytes(sent), end])
  }
  outgoing.end()
}

interface Answer {
  status: number
  checksum: string | undefined
  retryAfter: number
  body: string
}

function answerOf(outgoing: http.ClientRequest) {
  const answer = new Promise<Answer>((resolve, reject) => {
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
        const seconds = Number(response.headers['retry-after']) || 0
        const status = response.statusCode ?? 0
        resolve({ status, checksum: checksum?.toString(), retryAfter: Math.min(60, seconds) * 1000, body })
      })
    })
  })
  answer.catch(() => {})
  return answer
}
