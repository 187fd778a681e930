import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { makeDirectory } from '../../../files/make-directory.ts'
import type { BackupContext, Plan, Session } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { loginOf } from '../connection/login.ts'
import { Server } from '../connection/server.ts'
import { withServer } from '../connection/with-server.ts'
import { inspectServer } from '../inspect.ts'
import type { Inventory } from '../inventory.ts'
import { differenceFrom } from '../log/history.ts'
import { placeOf } from '../log/place.ts'
import { serverTime } from '../moment/snapshot.ts'
import { unitEntry } from '../position.ts'
import type { Settings } from '../settings.ts'
import { quoteText } from '../sql/quote.ts'
import { lsnOf, method } from './base.ts'
import { Copy } from './copy.ts'
import { lookAtMachine, type Machine } from './machine.ts'
import { writeOptionsFile } from './options-file.ts'
import { programs } from './program.ts'
import type { Result } from './result.ts'
import { PhysicalSession } from './session.ts'

/** Files that are copied at once: while one is being read, what was read of the other is taken. */
const copiers = 2

/**
 * A full or differential by the vendor's program. Connections are opened when something is asked, and none is held while files are copied.
 * @throws PromotionNeeded where the log shows that a differential's full is of another history of the server
 */
export async function beginPhysical(settings: Settings, plan: Plan, context: BackupContext): Promise<Session> {
  const { signal, step } = context
  const scratch = resolve(context.scratch)
  step(1)
  const login = await loginOf(settings.connection, signal)
  const onServer = <T>(work: (server: Server) => Promise<T>) => withServer(login, signal, work)
  const last = plan.continues?.[0]
  const { base } = plan
  const { inventory, machine } = await onServer(async control => {
    const inventory = await inspectServer(control)
    const machine = await lookAtMachine(control, inventory, settings, signal)
    if (base && last) await requireSameHistory(base, last, inventory, control, () => Server.connect(login, signal))
    return { inventory, machine }
  })
  await makeDirectory(scratch, 0o700)
  try {
    const { stream } = programs[inventory.flavour]
    const optionsFile = await writeOptionsFile(scratch, inventory.flavour, login, settings.connection.tls)
    const copy = new Copy({
      program: machine.program,
      args: [
        `--defaults-file=${optionsFile}`,
        '--backup',
        '--stream=xbstream',
        `--parallel=${copiers}`,
        `--target-dir=${scratch}`,
        `--extra-lsndir=${scratch}`,
        ...(base ? [`--incremental-lsn=${lsnOf(base.entry)}`] : []),
      ],
      directory: scratch,
      context,
      serverTime: () => onServer(serverTime),
      entryOf: (result, time) =>
        onServer(async control => {
          const gtid = await gtidOf(control, inventory, result)
          const moment = { log: inventory.log && result.log, gtid, time }
          const place = await placeOf({ login, control, signal }, inventory, moment, last)
          const info = infoOf(inventory, machine, result)
          const entry = unitEntry(inventory, { ...moment, place }, info)
          return base ? asDifferential(entry, base) : entry
        }),
    })
    return new PhysicalSession(copy, stream, () => rm(scratch, { recursive: true, force: true }))
  } catch (error) {
    await rm(scratch, { recursive: true, force: true })
    throw error
  }
}

/**
 * A redo log that was set back and went on from there (a virtual machine put back to an earlier state, a copy of its disk) may have come to the same LSN another way,
 * and pages would be missing. What the binary log was when the last backup ended tells; without one, nothing does.
 */
async function requireSameHistory(
  base: NonNullable<Plan['base']>,
  last: UnitEntry,
  inventory: Inventory,
  control: Server,
  open: () => Promise<Server>,
): Promise<void> {
  if (last.to.stream !== base.entry.to.stream) throw otherHistory('the logs since then are of another history')
  const difference = inventory.log && (await differenceFrom(last, inventory, { control, open }))
  if (difference) throw otherHistory(difference.reason)
}

function otherHistory(reason: string): PromotionNeeded {
  return new PromotionNeeded({
    code: 'LOG_HISTORY',
    reason: `whether the full backup is of the same history of the server cannot be told: ${reason}, so everything is backed up`,
  })
}

function asDifferential(entry: UnitEntry, base: NonNullable<Plan['base']>): UnitEntry {
  if (entry.to.stream !== base.entry.to.stream) throw otherHistory('its binary logs were begun anew, or cannot be read')
  return { ...entry, kind: 'differential', base: base.snapshot, from: base.entry.from }
}

function infoOf(inventory: Inventory, machine: Machine, { fromLsn, toLsn }: Result): Record<string, string> {
  const { instance, program, programVersion } = machine
  return { method, program: `${program} ${programVersion}`, serverVersion: inventory.version, instance, fromLsn, toLsn }
}

/** The transactions up to the position, in the words in which they are compared later. */
async function gtidOf(
  control: Server,
  { flavour, log: written }: Inventory,
  { log, gtid }: Result,
): Promise<string | null> {
  if (!written || !log || flavour === 'mysql') return gtid
  const row = await control.one(`SELECT BINLOG_GTID_POS(${quoteText(log.file)}, ${log.offset}) gtid`)
  return row?.gtid || null
}
