import { Failure } from '../../../../shared/failure.ts'
import { text } from '../../row.ts'
import type { Server } from '../connection/server.ts'
import type { Inventory } from '../inventory.ts'
import type { DoorSettings } from '../settings.ts'
import { createCredential, credentialsLike, dropCredential } from '../statements/door.ts'
import { doorCertificate } from './certificate.ts'
import { Door } from './door.ts'
import { Spool } from './spool.ts'

/** 2022, the first that knows S3. */
const oldest = 16
const express = 4

/**
 * Opens a door and gives the server its key. Credentials that runs of this source left behind which were killed are dropped.
 * @param spool a directory for parts that come before their turn, which may not be there yet
 * @param token tells this source's doors from those of others
 * @throws Failure `sqlserver-door-unavailable`, and those of `doorCertificate`; StatementError
 */
export async function openDoor(
  server: Server,
  settings: DoorSettings,
  { inventory, token, spool, now }: { inventory: Inventory; token: string; spool: string; now: () => Date },
): Promise<Door> {
  requireKnown(inventory)
  const certificate = await doorCertificate(settings, now())
  const bucket = `failsafe-${token}`
  for (const row of await server.query(credentialsLike(`s3://127.0.0.1:%/${bucket}`)))
    await server.query(dropCredential(text(row, 'name')))
  const door = await Door.open(certificate, { bucket, spool: new Spool(spool), now })
  try {
    await server.query(createCredential(door.url, door.accessKey, door.secretKey))
    return door
  } catch (error) {
    await door.close()
    throw error
  }
}

function requireKnown({ major, engineEdition, version, edition }: Inventory): void {
  if (major >= oldest && engineEdition !== express) return
  throw new Failure(
    'sqlserver-door-unavailable',
    `SQL Server ${version} ${edition} cannot send its backups to a door`,
    {
      why: 'SQL Server 2022 is the first that backs up to S3, and its Express edition does not',
      fix: 'Use directory instead of door',
    },
  )
}
