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
  /** Where a part goes, with `x-amz-checksum-sha256: sha256` (base64), which the store checks it by. @param part from 1 */
  address(part: number, sha256: string): Promise<string>
  finish(parts: { etag: string; sha256: string }[]): Promise<void>
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

  async begin(key: string): Promise<Upload> {
    const at = { Bucket: this.bucket, Key: key }
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' }),
    )
    return {
      address: (PartNumber, ChecksumSHA256) => {
        const unhoistableHeaders = new Set(['x-amz-checksum-sha256'])
        const signableHeaders = new Set(['host', ...unhoistableHeaders])
        const command = new UploadPartCommand({ ...at, ChecksumSHA256, UploadId, PartNumber })
        return getSignedUrl(this.#client, command, { expiresIn: 900, unhoistableHeaders, signableHeaders })
      },
      finish: async parts => {
        const Parts = parts.map(({ etag, sha256 }, index) => ({
          ETag: etag,
          ChecksumSHA256: sha256,
          PartNumber: index + 1,
        }))
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
