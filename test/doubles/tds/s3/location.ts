import type { Credential, Instance } from '../model/instance.ts'
import { refused } from '../model/sql-error.ts'

/** An object of S3, as a URL in path style names it. */
export interface Location {
  url: string
  host: string
  port: number
  bucket: string
  key: string
}

/**
 * Source: Microsoft, "SQL Server backup to URL for S3-compatible object storage", path style; a URL that is none is 3078 (microsoft/sqlworkshops-sql2022workshop,
 * issue 11). S3 came with 2022; what an earlier release says is not documented.
 * @throws SqlError 3078
 */
export function locationOf(url: string, { release }: Instance): Location {
  const [, host, port = '443', bucket, key] = /^s3:\/\/([^/:]+)(?::(\d+))?\/([^/]+)\/(.+)$/.exec(url) ?? []
  if (host === undefined || bucket === undefined || key === undefined || release.major < 16) throw refused(3078, url)
  return { url, host, port: Number(port), bucket, key }
}

/**
 * The credential of the longest name that the URL is below of.
 * Source: Microsoft, "SQL Server back up to URL for S3-compatible object storage best practices and troubleshooting", credential lookup.
 */
export function credentialFor(
  { url, bucket, host, port }: Location,
  { credentials }: Instance,
): Credential | undefined {
  const shortest = `s3://${host}${url.includes(`:${port}/`) ? `:${port}` : ''}/${bucket}`
  for (let name = url; name.length >= shortest.length; name = name.slice(0, name.lastIndexOf('/'))) {
    const found = credentials.get(name)
    if (found?.identity === 'S3 Access Key') return found
  }
  return undefined
}
