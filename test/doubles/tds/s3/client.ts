import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Credential, Instance } from '../model/instance.ts'
import type { Location } from './location.ts'

/** Source: Microsoft, "SQL Server backup to URL for S3-compatible object storage", region. */
const usualRegion = 'us-east-1'

/** S3 answered with something else than that it was done. */
export class Answered extends Error {
  readonly status: number

  constructor(status: number, body: string) {
    super(`S3 answered ${status}: ${body}`)
    this.status = status
  }
}

export interface Answer {
  etag: string | undefined
  body: string
}

/** Signed requests over TLS, as SQL Server's S3 connector sends them: path style, one region, every body in the signature. */
export class Client {
  readonly #location: Location
  readonly #signer: SignatureV4
  readonly #agent: Agent
  readonly #now: () => Date

  constructor(location: Location, { secret }: Credential, { storage }: Instance, now: () => Date) {
    const cut = secret.indexOf(':')
    this.#location = location
    this.#now = now
    this.#agent = new Agent({ keepAlive: true, ca: storage.authorities })
    this.#signer = new SignatureV4({
      service: 's3',
      region: usualRegion,
      credentials: { accessKeyId: secret.slice(0, cut), secretAccessKey: secret.slice(cut + 1) },
      sha256: Sha256 as never,
      uriEscapePath: false,
    })
  }

  /** @throws Answered; the error of a connection that broke or could not be made */
  async send(
    method: string,
    path: string,
    query: Record<string, string>,
    body: Buffer = Buffer.alloc(0),
  ): Promise<Answer> {
    const { host, port } = this.#location
    const { headers } = await this.#signer.sign(
      {
        method,
        protocol: 'https:',
        hostname: host,
        port,
        path,
        query,
        headers: {
          host: `${host}:${port}`,
          'content-length': String(body.length),
          'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
        },
      },
      { signingDate: this.#now() },
    )
    const words = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    const whole = words.length === 0 ? path : `${path}?${words.join('&')}`
    return new Promise((resolve, reject) => {
      const sent = request({ agent: this.#agent, method, host, port, path: whole, headers }, async response => {
        try {
          const answer = await text(response)
          const { statusCode = 0 } = response
          if (statusCode >= 300) reject(new Answered(statusCode, answer))
          else resolve({ etag: response.headers.etag, body: answer })
        } catch (error) {
          reject(error)
        }
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  /** Whatever is under way breaks. */
  close(): void {
    this.#agent.destroy()
  }
}

/** The hash that the signer is given. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest())
  }

  reset(): void {}
}
