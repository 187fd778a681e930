import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'

/** The vault: one versioned bucket with object lock. Every file beside this one is one thing that is done with it. */
export interface Vault {
  bucket: string
  client: S3Client
}

/**
 * `WHEN_REQUIRED`, because an SDK that may add a checksum by itself signs the CRC32 of an empty body into an upload URL.
 * Another S3 than AWS's own (`AWS_ENDPOINT_URL_S3`) has no name per bucket.
 */
export function openVault(bucket: string, options: S3ClientConfig = {}): Vault {
  const client = new S3Client({
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(process.env.AWS_ENDPOINT_URL_S3 === undefined ? {} : { forcePathStyle: true }),
    ...options,
  })
  return { bucket, client }
}

/** S3's own name of an error, e.g. `NoSuchUpload`. */
export function s3ErrorName(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined
}

export function s3Status(error: unknown): number | undefined {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
  return metadata?.httpStatusCode
}
