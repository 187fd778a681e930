import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { requirePrivate } from '../../../config/private.ts'
import type { DoorSettings } from '../settings.ts'

/** What the door shows the server, as PEM. */
export interface DoorCertificate {
  certificate: string
  key: string
  until: Date
}

/** How one is made that fits. */
const howTo = 'docs/engines/sqlserver.md has the commands that make one'

/** @throws Failure `sqlserver-door-certificate` for one that no server would take, `file-not-private` */
export async function doorCertificate({ certificateFile, keyFile }: DoorSettings, now: Date): Promise<DoorCertificate> {
  const [certificate, key] = [await read(certificateFile), await read(keyFile)]
  await requirePrivate(keyFile, await stat(keyFile), 'The key of the door')
  const about = parsed(certificate, key, certificateFile)
  if (about.checkIP('127.0.0.1') === undefined)
    throw refused(
      `The certificate ${certificateFile} is not for 127.0.0.1`,
      `it names ${about.subjectAltName ?? 'no address'}`,
    )
  if (now < about.validFromDate || now > about.validToDate)
    throw refused(
      `The certificate ${certificateFile} is not valid now`,
      `it is from ${about.validFromDate.toISOString()} to ${about.validToDate.toISOString()}`,
    )
  return { certificate, key, until: about.validToDate }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw refused(`${file} cannot be read`, messageOf(error), error)
  }
}

function parsed(certificate: string, key: string, file: string): X509Certificate {
  try {
    createSecureContext({ cert: certificate, key })
    return new X509Certificate(certificate)
  } catch (error) {
    throw refused(`The certificate ${file} and its key cannot be used`, messageOf(error), error)
  }
}

function refused(what: string, why: string, cause?: unknown): Failure {
  return new Failure('sqlserver-door-certificate', what, { why, fix: `Correct the source’s door: ${howTo}`, cause })
}
