import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Cloud } from '../../infra/local/cloud.ts'

export interface Upload {
  /** One address for each part, in order. */
  urls: string[]
  finish(etags: string[]): Promise<void>
  /** Gives it up, with all that was sent. */
  abort(): Promise<void>
}

/** Multipart uploads to the vault's own store, signed with the provider's credentials. */
export class Store {
  readonly #client: S3Client
  readonly url: string
  readonly bucket: string
  /** As the environment of programs that speak S3. */
  readonly credentials: Record<
    'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_REGION' | 'AWS_DEFAULT_REGION',
    string
  >

  constructor(cloud: Cloud) {
    this.url = cloud.s3Url
    this.bucket = cloud.bucket
    this.credentials = {
      AWS_ACCESS_KEY_ID: cloud.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: cloud.admin.secretAccessKey,
      AWS_REGION: cloud.region,
      AWS_DEFAULT_REGION: cloud.region,
    }
    this.#client = new S3Client({
      endpoint: cloud.s3Url,
      region: cloud.region,
      credentials: cloud.admin,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
  }

  begin(key: string, parts: number): Promise<Upload> {
    return this.#begin(
      key,
      Array.from({ length: parts }, () => ({})),
    )
  }

  /** Each address takes `x-amz-checksum-sha256` with the digest of its part (base64) and nothing else, and the store checks it. */
  beginChecked(key: string, digests: string[]): Promise<Upload> {
    return this.#begin(
      key,
      digests.map(ChecksumSHA256 => ({ ChecksumSHA256 })),
      { ChecksumAlgorithm: 'SHA256' },
    )
  }

  async #begin(key: string, parts: { ChecksumSHA256?: string }[], algorithm: { ChecksumAlgorithm?: 'SHA256' } = {}) {
    const at = { Bucket: this.bucket, Key: key }
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand({ ...at, ...algorithm }))
    const unhoistableHeaders = new Set(['x-amz-checksum-sha256'])
    const signing = { expiresIn: 900, unhoistableHeaders, signableHeaders: new Set(['host', ...unhoistableHeaders]) }
    const urls: string[] = []
    for (const [index, part] of parts.entries()) {
      const command = new UploadPartCommand({ ...at, ...part, UploadId, PartNumber: index + 1 })
      urls.push(await getSignedUrl(this.#client, command, signing))
    }
    return {
      urls,
      finish: async (etags: string[]) => {
        const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
        await this.#client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))
      },
      abort: async () => {
        await this.#client.send(new AbortMultipartUploadCommand({ ...at, UploadId }))
      },
    }
  }

  /** Where an object can be fetched for an hour. */
  address(key: string): Promise<string> {
    return getSignedUrl(this.#client, new GetObjectCommand({ Bucket: this.bucket, Key: key }), { expiresIn: 3600 })
  }

  close(): void {
    this.#client.destroy()
  }
}
