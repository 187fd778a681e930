import { appendFileSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A volume of the server. Its files lie below `drives`, those of one that is mounted in a folder too. */
export interface WorldVolume {
  /** `E:\`, `C:\mnt\db1\` */
  name: string
  /** `\\?\Volume{…}\` */
  device: string
  capacity: number
  free: number
}

export interface WorldDatabase {
  name: string
  guid: string
  /** Of the active copy. */
  server: string
  edb: string
  logFolder: string
  base: string
  circular: boolean
  mounted: boolean
  recovery: boolean
  backupInProgress: boolean
  lastFull: string | null
  copyStatus: string
  signDb: string
  signLog: string
  /** The log that is written to. */
  generation: number
  created: string
  previousCreated: string
  /** What is in the database file already: everything of logs before this one. */
  checkpoint: number
  /** How far the checkpoint may stay behind. */
  depth: number
  /** Logs have names of five digits below 0x100000. */
  fiveDigits: boolean
  /** The content, as the model has it. */
  content: Record<string, string>
}

export interface WorldShadow {
  id: string
  set: string
  /** Of the volume that it is of. */
  device: string
  exposed: string | null
  /** Below `shadows`. */
  folder: string
}

/** The simulated server, as all the stand-ins see it. */
export interface World {
  server: string
  domainRole: number
  elevated: boolean
  process64: boolean
  serverBackup: boolean
  version: string
  culture: 'en' | 'de' | 'ja'
  volumes: WorldVolume[]
  /** Letters of network drives and the like. */
  otherLetters: string[]
  databases: WorldDatabase[]
  writers: { id: string; name: string; state: number }[]
  shadows: WorldShadow[]
  /** What Windows Server Backup was told to write, by target. */
  systemStates: { target: string; version: string }[]
  /** AllowSSBToAnyVolume */
  systemStateAnywhere: boolean
  clock: number
  faults: Faults
}

export interface Faults {
  /** One for each `create`: an HRESULT, or null for success. */
  create?: (string | null)[]
  /** What each tool ends with, whatever happened; `0` shows that exit codes are not believed. */
  exitCode?: number
  /** A command of a backup that fails when it comes to it: `expose`, `end backup`, `delete shadows`. */
  command?: string
  /** Shadow copies cannot be deleted. */
  stuck?: boolean
  /** The hook is killed when the test says so, and diskshadow ends as if all were well. */
  hookKilled?: boolean
  /** So many looks at LastFullBackup do not show it yet. */
  notedLate?: number
  /** LastFullBackup stays. */
  noStamp?: boolean
  /** Get-MailboxDatabase is asked without -Status. */
  noStatus?: boolean
  /** PowerShell writes an array of one as its element. */
  single?: boolean
  powershell?: string
  /** Between two looks, a writer's states: the first is used up by each. */
  writerStates?: number[]
  /** `slow`: it writes until it is told to stop. */
  wbadmin?: 'fails' | 'no-image' | 'slow'
  /** Exit codes of eseutil that come before it works. */
  eseutil?: number[]
}

export interface JournalEntry {
  tool: string
  argv: string[]
  [more: string]: unknown
}

export const rootOf = () => process.env.FAILSAFE_WORLD!

/** When it appears, a hook that is to be killed is. */
export const killFileIn = (root: string) => join(root, 'kill-hook')

export function readWorld(root = rootOf()): World {
  return JSON.parse(readFileSync(join(root, 'world.json'), 'utf8'))
}

/** The stand-ins do one thing after the other. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** Several stand-ins and the test change it at once: each waits for the others. */
export function changeWorld<T>(change: (world: World) => T, root = rootOf()): T {
  const lock = join(root, 'world.lock')
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      pause(5)
    }
  }
  try {
    const world = readWorld(root)
    const result = change(world)
    writeWorld(world, root)
    return result
  } finally {
    rmdirSync(lock)
  }
}

export function writeWorld(world: World, root: string): void {
  writeFileSync(join(root, 'world.new'), JSON.stringify(world))
  renameSync(join(root, 'world.new'), join(root, 'world.json'))
}

export function note(entry: JournalEntry, root = rootOf()): void {
  appendFileSync(join(root, 'journal.jsonl'), `${JSON.stringify(entry)}\n`)
}

/** `E:\db1\a.edb` on this machine; a path of this machine as it is, which on Windows has the letter of the disk that the world lies on. */
export function localIn(root: string, path: string): string {
  const [, letter, rest = ''] = /^([A-Za-z]):(.*)$/s.exec(path) ?? []
  if (letter !== undefined && letter.toUpperCase() !== root[0])
    return join(root, 'drives', letter.toUpperCase(), ...rest.split('\\'))
  if (/^\\\\[^?]/.test(path)) return join(root, 'drives', 'UNC', ...path.split('\\').filter(Boolean))
  return path
}
