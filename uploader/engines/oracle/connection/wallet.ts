import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { ConnectionSettings } from '../settings.ts'
import { throwawayCertificate } from './throwaway-certificate.ts'

/**
 * What the driver is given for TLS, as PEM; undefined for the authorities of the program. It takes certificate, key and authorities from one text and does without none
 * of them: where there are authorities alone, a certificate comes before them that nobody asks for.
 * @throws Failure `oracle-tls`
 */
export async function readWallet({
  caFile,
  wallet,
}: NonNullable<ConnectionSettings['tls']>): Promise<string | undefined> {
  const path = wallet === undefined ? caFile : join(wallet, 'ewallet.pem')
  if (path === undefined) return undefined
  const fail = (why: string, cause?: unknown) =>
    new Failure('oracle-tls', `${path} cannot be used for TLS`, {
      why,
      fix: `Correct connection.tls.${wallet === undefined ? 'caFile' : 'wallet'}`,
      cause,
    })
  const pem = await readFile(path, 'utf8').catch(cause => {
    throw fail(messageOf(cause), cause)
  })
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw fail('it holds no certificate as PEM')
  if (pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----'))
    throw fail(
      'its key has a password: take that off (openssl pkey), and keep the file to the account of failsafe alone',
    )
  return pem.includes('PRIVATE KEY-----') ? pem : `${throwawayCertificate()}${pem}`
}
