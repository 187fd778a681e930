import type { IncomingMessage } from 'node:http'
import type { Verified } from '../../../shared/sigv4/verify.ts'
import { S3Error } from './error.ts'
import type { Bucket } from './store/buckets.ts'
import type { Store } from './store/store.ts'

/** One verified request on its way through an operation. */
export class Call {
  readonly request: IncomingMessage
  readonly verified: Verified
  readonly store: Store
  /** The server's clock when the request arrived. */
  readonly now: Date
  readonly bucketName: string
  /** Empty for an operation on a bucket. */
  readonly key: string
  readonly query: Map<string, string>
  readonly #authorize: (action: string, resource: string) => boolean

  constructor(
    facts: Pick<Call, 'request' | 'verified' | 'store' | 'now' | 'bucketName' | 'key' | 'query'>,
    authorize: (call: Call, action: string, resource: string) => boolean,
  ) {
    this.request = facts.request
    this.verified = facts.verified
    this.store = facts.store
    this.now = facts.now
    this.bucketName = facts.bucketName
    this.key = facts.key
    this.query = facts.query
    this.#authorize = (action, resource) => authorize(this, action, resource)
  }

  get bucketArn(): string {
    return `arn:aws:s3:::${this.bucketName}`
  }

  get objectArn(): string {
    return `${this.bucketArn}/${this.key}`
  }

  /** @throws S3Error `NoSuchBucket` */
  bucket(): Bucket {
    const bucket = this.store.buckets.find(this.bucketName)
    if (!bucket) throw new S3Error('NoSuchBucket')
    return bucket
  }

  may(action: string, resource: string): boolean {
    return this.#authorize(action, resource)
  }

  /** A header, or what a presigner hoisted from it into the query. */
  header(name: string): string | undefined {
    const value = this.request.headers[name]
    if (value !== undefined) return Array.isArray(value) ? value.join(',') : value
    return name.startsWith('x-amz-') ? this.query.get(name) : undefined
  }

  /** Whether it came as a header, not hoisted. */
  isHeader(name: string): boolean {
    return this.request.headers[name] !== undefined
  }

  /** Of every header, and of every `x-amz-*` one that was hoisted into the query. */
  headerNames(): string[] {
    const hoisted = [...this.query.keys()].filter(name => name.startsWith('x-amz-'))
    return [...new Set([...Object.keys(this.request.headers), ...hoisted])]
  }
}
