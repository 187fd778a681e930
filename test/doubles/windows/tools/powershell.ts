import { readFileSync } from 'node:fs'
import { changeWorld, note, readWorld, type World } from '../world.ts'
import { lettersOf } from './diskshadow.ts'

/** Windows PowerShell, for the scripts that the product writes: what they ask for is known by the cmdlets in them. */
export function powershell(argv: string[]): number {
  const file = argv[argv.findIndex(arg => arg.toLowerCase() === '-file') + 1]
  for (const needed of ['-NoProfile', '-NonInteractive', '-File'])
    if (!argv.includes(needed)) return fail(`the stand-in wants ${needed}`)
  const script = readFileSync(file!, 'utf8')
  if (!script.startsWith('\uFEFF')) return fail('the script has no byte order mark')
  const world = readWorld()
  note({
    tool: 'powershell',
    argv,
    cmdlets: [...new Set(script.match(/\b(?:Get|New|Import|Add|Connect)-[A-Z]\w+/g) ?? [])],
  })
  if (world.faults.powershell) return fail(world.faults.powershell)
  const answer: Record<string, unknown> = {}
  if (script.includes('Win32_ShadowCopy')) answer.shadows = shadowsOf(world)
  if (/\bGet-MailboxDatabase -/.test(script)) answer.databases = databasesOf(world, script.includes('-Status'))
  if (script.includes('Win32_ComputerSystem')) Object.assign(answer, machineOf(world, script))
  process.stdout.write(`${JSON.stringify(world.faults.single ? singled(answer) : answer)}\n`)
  return 0
}

function fail(message: string): number {
  process.stderr.write(`${message}\n    + CategoryInfo : NotSpecified\n`)
  return 1
}

function shadowsOf({ shadows }: World) {
  return shadows.map(({ id, device, exposed }) => ({ ID: id.toUpperCase(), VolumeName: device, ExposedName: exposed }))
}

function databasesOf({ databases, faults }: World, status: boolean) {
  const known = status && !faults.noStatus
  const late = faults.notedLate !== undefined && isNotedLate()
  return databases.map(database => ({
    Name: database.name,
    Guid: database.guid,
    Server: database.server,
    EdbFilePath: database.edb,
    LogFolderPath: database.logFolder,
    LogFilePrefix: database.base,
    CircularLoggingEnabled: database.circular,
    Mounted: known ? database.mounted : null,
    BackupInProgress: known ? database.backupInProgress : null,
    Recovery: database.recovery,
    LastFullBackup: known && !late ? database.lastFull : null,
  }))
}

/** Exchange notes a backup a while after its end. */
function isNotedLate(): boolean {
  return changeWorld(({ faults, databases }) => {
    if (!faults.notedLate || databases.every(({ lastFull }) => lastFull === null)) return false
    faults.notedLate -= 1
    return true
  })
}

function machineOf(world: World, script: string) {
  if (!script.includes('Get-WindowsFeature Windows-Server-Backup')) throw new Error('the feature is not asked for')
  return {
    server: world.server,
    domainRole: world.domainRole,
    elevated: world.elevated,
    process64: world.process64,
    serverBackup: world.serverBackup,
    connected: 'remote',
    version: world.version,
    letters: lettersOf(world),
    volumes: world.volumes.map(({ name, device, capacity, free }) => ({
      Name: name,
      DeviceID: device,
      Capacity: String(capacity),
      FreeSpace: String(free),
    })),
    copies: world.databases.map(({ name, copyStatus }) => ({ DatabaseName: name, Status: copyStatus })),
  }
}

/** An array of one is its element, and none at all is null, as ConvertTo-Json has it where nobody forced an array. */
function singled(answer: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [
      key,
      Array.isArray(value) && value.length < 2 ? (value[0] ?? null) : value,
    ]),
  )
}

/** The states that a writer goes through, one with each look. */
export function nextWriterState(): number | undefined {
  return changeWorld(({ faults }) => faults.writerStates?.shift())
}
