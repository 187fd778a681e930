import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { startS3 } from '../../infra/local/s3/server.ts'

export interface Endpoint {
  url: string
  bucket: string
  /** Every key of this run starts with it, so that a bucket can be shared. */
  prefix: string
  client(over?: S3ClientConfig): S3Client
  close(): Promise<void>
}

/**
 * The server under test: the one that CONFORMANCE_S3_URL names (credentials and region as the AWS SDK finds them; CONFORMANCE_S3_BUCKET
 * must have object lock), otherwise the stand-in.
 */
export async function openEndpoint(): Promise<Endpoint> {
  const { CONFORMANCE_S3_URL: url, CONFORMANCE_S3_BUCKET: named } = process.env
  const server = url === undefined ? await startStandIn() : { url, stop: async () => {} }
  const region = process.env.AWS_REGION ?? 'us-east-1'
  const own = { accessKeyId: 'AKIDCONFORMANCE', secretAccessKey: 'conformance' }
  const prefix = `conformance-${randomBytes(6).toString('hex')}/`
  const client = (over: S3ClientConfig = {}) =>
    new S3Client({
      region,
      endpoint: server.url,
      forcePathStyle: true,
      ...(url === undefined ? { credentials: own } : {}),
      requestChecksumCalculation: 'WHEN_REQUIRED',
      ...over,
    })
  const bucket = named ?? `failsafe-conformance-${randomBytes(8).toString('hex')}`
  const s3 = client()
  if (named === undefined)
    await s3.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ObjectLockEnabledForBucket: true,
        ...(region === 'us-east-1'
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-central-1' } }),
      }),
    )
  return {
    url: server.url,
    bucket,
    prefix,
    client,
    async close() {
      await removeVersions(s3, bucket, prefix)
      if (named === undefined) await s3.send(new DeleteBucketCommand({ Bucket: bucket })).catch(ignoreNotEmpty)
      await server.stop()
    },
  }

  async function startStandIn() {
    const directory = await mkdtemp(join(tmpdir(), 'failsafe-s3-'))
    const standIn = await startS3({
      directory,
      region: process.env.AWS_REGION ?? 'us-east-1',
      access: {
        credential: id =>
          id === own.accessKeyId ? { secretAccessKey: own.secretAccessKey, principal: 'Tester' } : undefined,
        authorize: () => ({ allowed: true }),
      },
    })
    const stop = async () => {
      await standIn.close()
      await rm(directory, { recursive: true })
    }
    return { url: standIn.url, stop }
  }
}

async function removeVersions(s3: S3Client, Bucket: string, Prefix: string): Promise<void> {
  let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
  for (let more = true; more; ) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...markers }))
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])])
      await s3
        .send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }))
        .catch(ignoreLocked)
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    more = page.IsTruncated === true
  }
}

/** The compliance lock of a test ends a little later than the test: nobody can remove that version now. */
function ignoreLocked(error: Error) {
  if (error.name !== 'AccessDenied') throw error
}
function ignoreNotEmpty(error: Error) {
  if (error.name !== 'BucketNotEmpty') throw error
}
