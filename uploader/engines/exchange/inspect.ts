import { stat } from 'node:fs/promises'
import { Failure } from '../../../shared/failure.ts'
import { type DatabaseAnswer, incomplete, parseDiscovery } from './discovery/answer.ts'
import { discoveryScript } from './discovery/script.ts'
import type { Database, Inventory } from './inventory.ts'
import { closedLogs } from './log/closed.ts'
import type { Settings } from './settings.ts'
import { localPath } from './windows/local-path.ts'
import { runScript } from './windows/powershell.ts'

/** @throws Failure `exchange-too-old`, and of PowerShell */
export async function inspect(settings: Settings, signal: AbortSignal): Promise<Inventory> {
  const answer = parseDiscovery(await runScript(discoveryScript(settings), 'look at Exchange', signal))
  const version = versionOf(answer.version)
  const copies = new Map(answer.copies.map(({ DatabaseName, Status }) => [DatabaseName.toLowerCase(), Status]))
  const databases: Database[] = []
  for (const each of answer.databases)
    databases.push(await databaseOf(each, copies.get(each.Name.toLowerCase()) ?? null, signal))
  const { include, exclude, copies: which, systemState } = settings
  return {
    server: answer.server,
    version,
    isDomainController: answer.domainRole >= backupController,
    databases,
    volumes: answer.volumes.map(({ Name, DeviceID, Capacity, FreeSpace }) => ({
      name: Name,
      device: DeviceID,
      capacity: Capacity,
      free: FreeSpace,
    })),
    letters: answer.letters.map(letter => letter.toUpperCase()),
    serverBackup: answer.serverBackup,
    elevated: answer.elevated && answer.process64,
    policy: { include, exclude, copies: which, systemState },
  }
}

/** DomainRole of Win32_ComputerSystem: 4 and 5 are domain controllers. */
const backupController = 4

async function databaseOf(answer: DatabaseAnswer, copy: string | null, signal: AbortSignal): Promise<Database> {
  const { Name, Mounted, BackupInProgress, EdbFilePath, LogFolderPath, LogFilePrefix, Recovery } = answer
  if (Mounted === null || BackupInProgress === null)
    throw incomplete(`of ${Name} it is not known whether it is mounted, as without -Status`)
  return {
    name: Name,
    guid: answer.Guid.toLowerCase(),
    edb: EdbFilePath,
    logFolder: LogFolderPath,
    base: LogFilePrefix,
    circular: answer.CircularLoggingEnabled,
    mounted: Mounted,
    activeOn: answer.Server.split('.')[0]!,
    recovery: Recovery,
    backupInProgress: BackupInProgress,
    lastFull: answer.LastFullBackup ?? null,
    copy,
    bytes: await sizeOf(EdbFilePath),
    closed: Recovery ? null : await closedLogs(LogFolderPath, LogFilePrefix, signal),
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(localPath(path))).size
  } catch {
    return null // a database that cannot be backed up is told of as such
  }
}

const oldest = [15, 1]

/** `Version 15.2 (Build 1544.4)` → `15.2.1544.4` */
function versionOf(text: string): string {
  const numbers = text.match(/\d+/g) ?? []
  const [major = 0, minor = 0] = numbers.map(Number)
  if (major > oldest[0]! || (major === oldest[0] && minor >= oldest[1]!)) return numbers.join('.')
  throw new Failure('exchange-too-old', `Exchange ${text || 'of an unknown version'} is too old to be backed up`, {
    why: 'Exchange 2016 (15.1) is the first that runs where failsafe does',
    fix: 'See docs/engines/exchange.md for older versions',
  })
}
