import { stat } from 'node:fs/promises'
import { formatBytes } from '../../../output/format.ts'
import type { Finding } from '../../engine.ts'
import { findingOf } from '../../finding-of.ts'
import { notElevated } from '../full/begin.ts'
import { requireFeature, requireOtherVolume, requireRoom } from '../full/system-state.ts'
import { inspect } from '../inspect.ts'
import type { Inventory } from '../inventory.ts'
import { treatmentOf } from '../plan/treatment.ts'
import type { Settings } from '../settings.ts'
import { systemTool, toolMissing } from '../windows/tool.ts'
import { volumeOf } from '../windows/volumes.ts'
import { exchangeState, exchangeWriter, listWriters } from '../windows/writers.ts'

/** What keeps a full backup from succeeding, or makes it weaker: rights, the VSS writer, room, the System State. */
export async function checkRights(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const inventory = await inspect(settings, signal)
  return [
    ...when(() => {
      if (!inventory.elevated) throw notElevated()
    }),
    ...(await checkTool()),
    ...(await checkWriters(signal)),
    ...checkSystemState(inventory),
    ...checkRoom(inventory),
    ...checkCopies(inventory),
    ...checkClosedLogs(inventory),
  ]
}

/** What a run would be refused for. */
function when(check: () => void): Finding[] {
  try {
    check()
    return []
  } catch (error) {
    return [findingOf(error)]
  }
}

/** Windows for workstations has all but this one. */
async function checkTool(): Promise<Finding[]> {
  const program = systemTool('diskshadow.exe')
  try {
    await stat(program)
    return []
  } catch (error) {
    return [findingOf(toolMissing(program, error))]
  }
}

async function checkWriters(signal: AbortSignal): Promise<Finding[]> {
  try {
    const writers = await listWriters(signal)
    const state = exchangeState(writers)
    const others = writers.filter(each => each.id !== exchangeWriter && each.state > 1)
    return [
      ...(state > 1 ? [writerFinding(state)] : []),
      ...(others.length > 0
        ? [
            {
              code: 'exchange-other-writers',
              grave: false,
              what: `${others.length} other VSS writers of this server are not stable`,
              why: `${others.map(({ id, state: other }) => `{${id}} [${other}]`).join(', ')}; they take no part in our backups, but hint at another backup product or at trouble with VSS`,
              fix: 'Look with vssadmin list writers; restarting the service behind a writer makes it stable',
            },
          ]
        : []),
    ]
  } catch (error) {
    return [findingOf(error)]
  }
}

function writerFinding(state: number): Finding {
  return {
    code: state === 5 ? 'exchange-writer-busy' : 'exchange-writer-failed',
    grave: false,
    what: `The VSS writer of Exchange is in state [${state}]`,
    why: state === 5 ? 'it waits for the end of a backup' : 'its last backup failed',
    fix: 'If no other backup is going on, run: Restart-Service MSExchangeRepl',
  }
}

function checkSystemState({
  policy: { systemState },
  serverBackup,
  isDomainController,
  volumes,
}: Inventory): Finding[] {
  if (!systemState)
    return [
      {
        code: 'exchange-system-state-left-out',
        grave: false,
        what: 'The System State of this server is not backed up',
        why: 'systemState is false; a lost server is then installed anew by hand, before Setup /m:RecoverServer',
        fix: 'Name a volume or share with 10 to 25 GB free in systemState.target',
      },
    ]
  return [
    ...when(() => requireFeature(serverBackup)),
    ...when(() => requireOtherVolume(systemState.target)),
    ...when(() => requireRoom(systemState.target, volumes)),
    ...(isDomainController
      ? []
      : [
          {
            code: 'active-directory-elsewhere',
            grave: false,
            what: 'The System State of this server does not hold Active Directory',
            why: 'it is no domain controller, and Exchange keeps its configuration in Active Directory',
            fix: 'Back up the System State of a domain controller too',
          },
        ]),
  ]
}

/** What changes while the shadow copies stand is kept on the same volume, unless somebody said otherwise. */
const leastFree = 0.1

function checkRoom(inventory: Inventory): Finding[] {
  const taken = inventory.databases.filter(database => treatmentOf(database, inventory).how === 'back-up')
  const volumes = new Set(
    taken.flatMap(({ edb, logFolder }) => [edb, logFolder]).map(path => volumeOf(path, inventory.volumes)),
  )
  return [...volumes]
    .filter(({ capacity, free }) => free < capacity * leastFree)
    .map(({ name, free }) => ({
      code: 'exchange-volume-small',
      grave: false,
      what: `${name} has only ${formatBytes(free)} free`,
      why: 'shadow copies keep there what changes while they stand, and go away where there is no room; Exchange itself stops at the end of it',
      fix: `Give it more room, or move the differences to another volume: vssadmin add shadowstorage /for=${name.slice(0, 2)} /on=X:`,
    }))
}

function checkCopies(inventory: Inventory): Finding[] {
  const left = inventory.databases.flatMap(database => {
    const treatment = treatmentOf(database, inventory)
    return treatment.how === 'leave-out' && treatment.warn ? [`${database.name} (${treatment.reason})`] : []
  })
  if (left.length === 0) return []
  return [
    {
      code: 'exchange-databases-left-out',
      grave: false,
      what: `These databases would not be backed up now: ${left.join(', ')}`,
      why: 'only what is mounted, or a healthy copy, can be',
      fix: 'Mount them, or repair the copies with Update-MailboxDatabaseCopy',
    },
  ]
}

function checkClosedLogs(inventory: Inventory): Finding[] {
  const taken = inventory.databases.filter(database => treatmentOf(database, inventory).how === 'back-up')
  const grave = taken.every(({ closed }) => closed?.damaged)
  return taken.flatMap(({ name, closed }) => {
    if (!closed?.damaged) return []
    const { code, message, why = '', fix = '' } = closed.damaged
    return [{ code, grave, what: `${name} would not be backed up now: ${message}`, why, fix }]
  })
}
