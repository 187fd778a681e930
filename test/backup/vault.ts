import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import type { Intercept } from '../../infra/local/s3/fault.ts'
import { startS3 } from '../../infra/local/s3/server.ts'

export interface Vault {
  url: string
  bucket: string
  client: S3Client
  /** Replaced by a test that wants a fault. */
  intercept: Intercept
  close(): Promise<void>
}

/** A real S3 stand-in with one bucket. */
export async function startVault(): Promise<Vault> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-vault-'))
  const key = { accessKeyId: 'AKIDVAULT', secretAccessKey: 'vault-secret' }
  const server = await startS3({
    directory,
    access: {
      credential: id =>
        id === key.accessKeyId ? { secretAccessKey: key.secretAccessKey, principal: 'vault' } : undefined,
      authorize: () => ({ allowed: true }),
    },
    intercept: request => vault.intercept(request),
    report: () => {},
  })
  const bucket = 'vault'
  server.createBucket(bucket, { objectLock: false, versioned: true })
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: server.url,
    forcePathStyle: true,
    credentials: key,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  const vault: Vault = {
    url: server.url,
    bucket,
    client,
    intercept: () => undefined,
    async close() {
      client.destroy()
      await server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return vault
}
