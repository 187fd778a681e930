import type { Sink } from '../bak/medium.ts'
import type { Instance } from '../model/instance.ts'
import { refused } from '../model/sql-error.ts'
import { Answered, Client } from './client.ts'
import { credentialFor, type Location, locationOf } from './location.ts'

/** Source: Microsoft, "SQL Server backup to URL for S3-compatible object storage", part numbers. */
const mostParts = 10_000

/**
 * What the operating system says of a request that failed.
 * Source: Microsoft, "SQL Server back up to URL for S3-compatible object storage best practices and troubleshooting": 50 for a bucket that is not there, 5 for one
 * that lets nobody in, 12175 for a certificate that is not trusted; "Error Messages (Winhttp.h)": 12029; 1117 for a write that failed on its way
 * (olahallengren/sql-server-maintenance-solution, issue 952).
 */
function systemError(error: unknown, opening: boolean): string {
  if (error instanceof Answered) {
    if (error.status === 403) return '5(Access is denied.)'
    return opening
      ? '50(The request is not supported.)'
      : '1117(The request could not be performed because of an I/O device error.)'
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code))
    return '12175(failed to retrieve text for this error. Reason: 15105)'
  if (opening && code === 'ECONNREFUSED') return '12029(failed to retrieve text for this error. Reason: 15105)'
  return '1117(The request could not be performed because of an I/O device error.)'
}

/**
 * One URL of a backup: an upload in parts, some of them at once. What a BACKUP that failed has sent is left to the receiver.
 * Source: Microsoft, "SQL Server backup to URL for S3-compatible object storage", limitations.
 */
export class Upload implements Sink {
  readonly #client: Client
  readonly #location: Location
  readonly #instance: Instance
  readonly #partSize: number
  readonly #upload: string
  readonly #pending: Buffer[] = []
  #pendingSize = 0
  #written = 0
  /** By part number. */
  readonly #etags: string[] = []
  #parts = 0
  readonly #sending = new Set<Promise<void>>()
  /** The part before, which waits for the one behind it. */
  #held: { number: number; body: Buffer } | undefined
  #failure: { error: unknown } | undefined

  private constructor(client: Client, location: Location, instance: Instance, partSize: number, upload: string) {
    this.#client = client
    this.#location = location
    this.#instance = instance
    this.#partSize = partSize
    this.#upload = upload
  }

  /** @param partSize bytes; undefined where nothing is said of it. @throws SqlError 3078, 3201 */
  static async open(url: string, instance: Instance, partSize: number | undefined): Promise<Upload> {
    const location = locationOf(url, instance)
    const credential = credentialFor(location, instance)
    if (!credential) throw refused(3201, url, '50(The request is not supported.)')
    // The double's own clock is not what other computers go by.
    const client = new Client(location, credential, instance, () => new Date())
    try {
      const { bucket, key } = location
      // The rights that a backup needs are ListBucket and WriteOnly.
      await client.send('GET', `/${bucket}`, { 'list-type': '2', prefix: key })
      const { body } = await client.send('POST', `/${bucket}/${key}`, { uploads: '' })
      const [, upload] = /<UploadId>([^<]+)<\/UploadId>/.exec(body)!
      return new Upload(client, location, instance, partSize ?? instance.storage.partSize, upload!)
    } catch (error) {
      client.close()
      throw refused(3201, url, systemError(error, true))
    }
  }

  /** In order, from 0 on. @throws SqlError 3202 */
  async write(data: Buffer, offset: number, length: number, position: number): Promise<void> {
    if (position !== this.#written) throw new Error('An upload is written from its beginning to its end')
    this.#written += length
    this.#pending.push(Buffer.from(data.subarray(offset, offset + length)))
    this.#pendingSize += length
    while (this.#pendingSize >= this.#partSize) await this.#cut(this.#partSize)
  }

  /** All of it is there when this returns. @throws SqlError 3202 */
  async end(): Promise<void> {
    if (this.#pendingSize > 0 || this.#parts === 0) await this.#cut(this.#pendingSize)
    if (this.#held) this.#start(this.#held)
    this.#held = undefined
    while (this.#sending.size > 0) await Promise.all(this.#sending)
    this.#requireSound()
    const parts = this.#etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
    const list = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    const { bucket, key } = this.#location
    await this.#client.send('POST', `/${bucket}/${key}`, { uploadId: this.#upload }, Buffer.from(list)).catch(error => {
      throw this.#failed(error)
    })
  }

  close(): void {
    this.#client.close()
  }

  async #cut(size: number): Promise<void> {
    const all = Buffer.concat(this.#pending.splice(0))
    this.#pending.push(all.subarray(size))
    this.#pendingSize -= size
    const part = { number: ++this.#parts, body: all.subarray(0, size) }
    if (part.number > mostParts) throw refused(3202, this.#location.url, '87(The parameter is incorrect.)')
    if (this.#instance.storage.order === 'swapped' && part.number % 2 === 1) {
      this.#held = part
      return
    }
    while (this.#sending.size >= this.#instance.storage.inFlight) await Promise.race(this.#sending)
    this.#requireSound()
    const sent = this.#start(part)
    if (!this.#held) return
    await sent
    this.#requireSound()
    const held = this.#held
    this.#held = undefined
    this.#start(held)
  }

  /** Never rejects. */
  #start({ number, body }: { number: number; body: Buffer }): Promise<void> {
    const { bucket, key } = this.#location
    const query = { partNumber: String(number), uploadId: this.#upload }
    const sending = this.#client.send('PUT', `/${bucket}/${key}`, query, body).then(
      ({ etag }) => {
        this.#etags[number - 1] = etag!
      },
      error => {
        this.#failure ??= { error }
      },
    )
    this.#sending.add(sending)
    return sending.finally(() => this.#sending.delete(sending))
  }

  #requireSound(): void {
    if (this.#failure) throw this.#failed(this.#failure.error)
  }

  #failed(error: unknown) {
    return refused(3202, this.#location.url, systemError(error, false))
  }
}
