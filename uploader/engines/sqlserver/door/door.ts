import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SignatureError } from '../../../../shared/sigv4/error.ts'
import { headerOf } from '../../../../shared/sigv4/request.ts'
import { verifySignature } from '../../../../shared/sigv4/verify.ts'
import type { DoorCertificate } from './certificate.ts'
import { type Claimed, Digest } from './digest.ts'
import { Intake } from './intake.ts'
import { operationOf } from './operation.ts'
import { Refused } from './refused.ts'
import type { Spool } from './spool.ts'
import { listedPartsIn, xml } from './xml.ts'

const host = '127.0.0.1'
/** The largest MAXTRANSFERSIZE that there is for S3. */
const longestPart = 20 * 1024 * 1024
/** 10,000 parts, with some room for how they are written. */
const longestList = 4 * 1024 * 1024

interface Expected {
  intake: Intake
  upload: string
}

/**
 * As much of S3 as `BACKUP … TO URL = 's3://…'` needs, over TLS on loopback: objects that are expected are taken in, nothing is given back. Only whoever has this
 * run's key gets in.
 */
export class Door {
  readonly #server: Server
  readonly #spool: Spool
  readonly #bucket: string
  readonly #objects = new Map<string, Expected>()
  readonly #now: () => Date
  #trouble: unknown
  /** Letters and digits alone, as the server wants them. */
  readonly accessKey = alphanumeric(20)
  readonly secretKey = alphanumeric(40)

  private constructor(
    certificate: Pick<DoorCertificate, 'certificate' | 'key'>,
    options: { bucket: string; spool: Spool; now: () => Date },
  ) {
    this.#bucket = options.bucket
    this.#spool = options.spool
    this.#now = options.now
    // A part may wait for its turn as long as the upload of those before it takes.
    this.#server = createServer(
      { cert: certificate.certificate, key: certificate.key, requestTimeout: 0, keepAliveTimeout: 120_000 },
      (request, response) => void this.#serve(request, response),
    )
  }

  /** @param bucket the one that it has */
  static async open(
    certificate: Pick<DoorCertificate, 'certificate' | 'key'>,
    options: { bucket: string; spool: Spool; now: () => Date },
  ): Promise<Door> {
    const door = new Door(certificate, options)
    door.#server.listen(0, host)
    await once(door.#server, 'listening')
    return door
  }

  /** Of the bucket, as the server is told it: `s3://127.0.0.1:49152/failsafe-1a2b3c4d`. */
  get url(): string {
    return `s3://${host}:${(this.#server.address() as AddressInfo).port}/${this.#bucket}`
  }

  /** Why something could not be taken that the server sent as it should: the first such error, of the disk. */
  get trouble(): unknown {
    return this.#trouble
  }

  /** The server is going to send an object of this name. */
  expect(name: string): Intake {
    const intake = new Intake(this.#spool)
    this.#objects.set(name, { intake, upload: randomUUID() })
    return intake
  }

  /** Nothing more is taken, and whatever is under way breaks. */
  abandon(): void {
    for (const { intake } of this.#objects.values()) intake.abandon()
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    this.abandon()
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    await closed
    await this.#spool.remove()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort(new Error('the server went away')))
    response.on('error', () => {}) // `close` follows
    request.on('error', () => {}) // told to whoever reads it; `close` follows
    response.setHeader('x-amz-request-id', randomBytes(8).toString('hex'))
    try {
      const body = await this.#answer(request, response, gone.signal)
      send(response, request, response.statusCode, body)
    } catch (error) {
      if (response.destroyed || request.destroyed) return
      const { status, code, message } = this.#asRefusal(error)
      // Who is answered before all was sent would see a reset.
      request.resume()
      if (!request.readableEnded) await once(request, 'end', { signal: gone.signal }).catch(() => {})
      if (!response.destroyed) send(response, request, status, xml('Error', { Code: code, Message: message }))
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<string> {
    const { method = '', url = '/' } = request
    const cut = url.indexOf('?')
    const [rawPath, rawQuery] = cut < 0 ? [url, ''] : [url.slice(0, cut), url.slice(cut + 1)]
    const { payloadHash } = verifySignature(
      { method, rawPath, rawQuery, headers: request.headers },
      {
        service: 's3',
        now: this.#now,
        access: {
          credential: key =>
            key === this.accessKey ? { secretAccessKey: this.secretKey, principal: 'server' } : undefined,
        },
      },
    )
    const operation = operationOf(method, rawPath, rawQuery, this.#bucket)
    const claimed = () => claimedOf(request, payloadHash)
    switch (operation.name) {
      case 'HeadBucket':
        return ''
      case 'GetBucketLocation':
        return xml('LocationConstraint')
      case 'ListObjects':
        return xml('ListBucketResult', { Name: this.#bucket, KeyCount: 0, MaxKeys: 1000, IsTruncated: false })
      case 'CreateMultipartUpload': {
        const { intake, upload } = this.#expected(operation)
        intake.begin()
        return xml('InitiateMultipartUploadResult', { Bucket: this.#bucket, Key: operation.object, UploadId: upload })
      }
      case 'UploadPart': {
        const etag = await this.#uploading(operation).take(operation.number, claimed(), request, signal)
        response.setHeader('etag', `"${etag}"`)
        return ''
      }
      case 'CompleteMultipartUpload': {
        const intake = this.#uploading(operation)
        const etag = intake.complete(listedPartsIn(await bodyOf(request, claimed())))
        const { object } = operation
        const location = `https://${request.headers.host}/${this.#bucket}/${object}`
        return xml('CompleteMultipartUploadResult', {
          Location: location,
          Bucket: this.#bucket,
          Key: object,
          ETag: `&quot;${etag}&quot;`,
        })
      }
      case 'AbortMultipartUpload':
        this.#uploading(operation).abandon()
        response.statusCode = 204
        return ''
      case 'PutObject': {
        const { intake } = this.#expected(operation)
        intake.begin()
        const etag = await intake.take(1, claimed(), request, signal)
        intake.complete([{ number: 1, etag }])
        response.setHeader('etag', `"${etag}"`)
        return ''
      }
      case 'HeadObject': {
        const { intake } = this.#expected(operation)
        if (!intake.isComplete) throw new Refused('NoSuchKey', 'It is not here yet')
        response.setHeader('content-length', intake.size)
        return ''
      }
      case 'GetObject': {
        const { intake } = this.#expected(operation)
        throw intake.isComplete
          ? new Refused('InvalidObjectState', 'It is sealed, and cannot be read here')
          : new Refused('NoSuchKey', 'It is not here yet')
      }
      case 'DeleteObject':
        this.#objects.get(operation.object)?.intake.abandon()
        response.statusCode = 204
        return ''
    }
  }

  #asRefusal(error: unknown): { status: number; code: string; message: string } {
    if (error instanceof Refused || error instanceof SignatureError) return error
    this.#trouble ??= error
    return new Refused('InternalError', 'The door could not take this')
  }

  #expected({ object }: { object: string }): Expected {
    const expected = this.#objects.get(object)
    if (expected) return expected
    throw new Refused('AccessDenied', 'Nobody expects this object')
  }

  #uploading(operation: { object: string; upload: string }): Intake {
    const { intake, upload } = this.#expected(operation)
    if (operation.upload !== upload) throw new Refused('NoSuchUpload', 'There is no such upload')
    return intake
  }
}

function send(response: ServerResponse, { method }: IncomingMessage, status: number, body: string): void {
  response.statusCode = status
  if (method === 'HEAD' || status === 204) response.end()
  else response.setHeader('content-type', 'application/xml').end(body)
}

/** @throws Refused */
function claimedOf(request: IncomingMessage, payloadHash: string): Claimed {
  const signed = { method: '', rawPath: '', rawQuery: '', headers: request.headers }
  const size = headerOf(signed, 'content-length')
  if (size === undefined) throw new Refused('MissingContentLength', 'Content-Length is needed')
  if (Number(size) > longestPart) throw new Refused('EntityTooLarge', `A part has ${longestPart} bytes at most`)
  const plain = /^[0-9a-f]{64}$/.test(payloadHash)
  if (!plain && payloadHash !== 'UNSIGNED-PAYLOAD')
    throw new Refused('NotImplemented', `The door does not know ${payloadHash}`)
  return { size: Number(size), sha256: plain ? payloadHash : undefined, md5: headerOf(signed, 'content-md5') }
}

async function bodyOf(request: IncomingMessage, claimed: Claimed): Promise<string> {
  if (claimed.size > longestList) throw new Refused('EntityTooLarge', 'The list of parts is too long')
  const digest = new Digest(claimed)
  const body = await text(digest.of(request))
  digest.end()
  return body
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function alphanumeric(length: number): string {
  let word = ''
  while (word.length < length)
    // As many bytes for each letter, and none more.
    for (const byte of randomBytes(length))
      if (byte < alphabet.length * 4 && word.length < length) word += alphabet[byte % alphabet.length]
  return word
}
