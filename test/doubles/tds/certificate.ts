import { readFile } from 'node:fs/promises'
import { newAuthority } from '../../network/certificates.ts'

export interface ServerCertificate {
  key: string
  cert: string
  /** The authority that a client must trust. PEM. */
  authority: string
}

let made: Promise<ServerCertificate> | undefined

/** One certificate for all servers of a test run: making it takes longer than starting a server. */
export function serverCertificate(): Promise<ServerCertificate> {
  made ??= make()
  return made
}

async function make(): Promise<ServerCertificate> {
  await using authority = await newAuthority('Test authority of the SQL Server double')
  const { key, cert } = await authority.issue(['DNS:localhost', 'IP:127.0.0.1'])
  return { key, cert, authority: await readFile(authority.file, 'utf8') }
}
