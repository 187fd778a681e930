import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import type { Finding } from '../../engine.ts'
import { ItemFailed } from '../../item-failed.ts'
import { StatementError } from '../connection/errors.ts'
import type { Server } from '../connection/server.ts'
import { type DoorCertificate, doorCertificate } from '../door/certificate.ts'
import type { Door } from '../door/door.ts'
import { explainDoor } from '../door/explain.ts'
import { openDoor } from '../door/open.ts'
import type { Inventory } from '../inventory.ts'
import type { DoorSettings } from '../settings.ts'
import { probe } from '../statements/backup.ts'
import { dropCredential } from '../statements/door.ts'

/** Has the server send a small backup of `model`, COPY_ONLY, to a door of its own, which is closed again: the one way to know. */
export async function checkDoor(
  server: Server,
  inventory: Inventory,
  settings: DoorSettings,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const spool = join(tmpdir(), `failsafe-probe-${process.pid}`)
    const door = await openDoor(server, settings, { inventory, token: 'probe', spool, now: () => new Date() })
    try {
      await sendTo(door, server, signal)
    } finally {
      const { url } = door
      await door.close()
      await server.query(dropCredential(url))
    }
    return ending(await doorCertificate(settings, new Date()), settings)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure) return [{ ...finding, code: error.code, what: error.message, ...reasonsOf(error) }]
    if (!(error instanceof StatementError || error instanceof ItemFailed)) throw error
    const fix = 'Give the login the rights that are named here, or use directory instead of door'
    return [{ ...finding, code: 'sqlserver-door', what: 'The server cannot use the door', why: error.message, fix }]
  }
}

const finding = { grave: true }

/** Milliseconds before the end of a certificate from which on it is told: the server may have to be started anew for another one. */
const notice = 30 * 24 * 3600 * 1000

function ending({ until }: DoorCertificate, { certificateFile }: DoorSettings): Finding[] {
  if (until.getTime() - Date.now() > notice) return []
  return [
    {
      code: 'sqlserver-door-certificate-ends',
      grave: false,
      what: `The certificate ${certificateFile} ends on ${until.toISOString().slice(0, 10)}`,
      why: 'the server sends no backups to a door whose certificate is over',
      fix: 'Make another one, and give it to the server too: docs/engines/sqlserver.md says how',
    },
  ]
}

function reasonsOf({ why = '', fix = '' }: Failure): Pick<Finding, 'why' | 'fix'> {
  return { why, fix }
}

/** @throws Failure where it does not arrive; StatementError */
async function sendTo(door: Door, server: Server, signal: AbortSignal): Promise<void> {
  const intake = door.expect('probe')
  const read = (async () => {
    for await (const _ of intake.read());
  })()
  try {
    await server.query(probe({ urls: [`${door.url}/probe`], partSize: undefined }), { signal })
  } catch (error) {
    throw (error instanceof StatementError && explainDoor(error, door)) || error
  } finally {
    if (!intake.isComplete) intake.abandon()
    await read
  }
  if (!intake.isComplete)
    throw new Failure('sqlserver-door', 'The server says that it has sent a backup, and it has not arrived', {
      why: `${intake.size} bytes came`,
      fix: 'Use directory instead of door',
    })
}
