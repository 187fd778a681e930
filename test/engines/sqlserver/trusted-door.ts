import { writeFile } from 'node:fs/promises'
import type { DoorSettings } from '../../../uploader/engines/sqlserver/settings.ts'
import { serverCertificate } from '../../doubles/tds/certificate.ts'
import { temporaryDirectory } from '../../uploader/directory.ts'

/** The files of a door, and the authority that a server has to trust to send its backups there. */
export async function trustedDoor() {
  const { cert, key, authority } = await serverCertificate()
  const directory = await temporaryDirectory()
  const settings: DoorSettings = {
    certificateFile: directory.in('door.pem'),
    keyFile: directory.in('door.key'),
    stripes: 1,
  }
  await writeFile(settings.certificateFile, cert)
  await writeFile(settings.keyFile, key, { mode: 0o600 })
  return { settings, authority, directory, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}
