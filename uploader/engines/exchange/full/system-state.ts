import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import { formatBytes } from '../../../output/format.ts'
import type { Inventory } from '../inventory.ts'
import { localPath } from '../windows/local-path.ts'
import { lastWords, runTool, systemTool } from '../windows/tool.ts'
import { forgetSystemState, writeSystemStateRecord } from './system-state-record.ts'

export interface SystemStateFile {
  /** Below the target, with `/`: `WindowsImageBackup/EX01/MediaId`. */
  name: string
  path: string
  size: number
}

export interface SystemState {
  /** As `wbadmin get versions` names it: `11/30/2026-02:00`. */
  version: string
  /** What the files lie in; removed when they are sealed. */
  root: string
  files: SystemStateFile[]
  takenAt: Date
}

const folder = 'WindowsImageBackup'

/**
 * Has Windows Server Backup write the System State to a volume or a share of its own.
 * @param directory of this run, for the record of what is to be removed
 * @throws Failure `exchange-system-state-…`
 */
export async function takeSystemState(
  target: string,
  { server, serverBackup, volumes }: Pick<Inventory, 'server' | 'serverBackup' | 'volumes'>,
  { directory, job, signal, now }: { directory: string; job: string; signal: AbortSignal; now: () => Date },
): Promise<SystemState> {
  requireFeature(serverBackup)
  requireOtherVolume(target)
  requireRoom(target, volumes)
  const share = target.startsWith('\\\\')
  // A share holds one version: in a folder of its own, that of another run or of the administrator is not overwritten.
  const place = share ? `${target}\\failsafe-${job}` : target
  const root = share ? place : `${target}\\${folder}`
  await requireFree(share ? place : root, target)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const record = (pid: number | null) => writeSystemStateRecord(directory, { root, pid })
  await record(null)
  try {
    if (share) await mkdir(localPath(place), { recursive: true })
    return { root, ...(await write({ target, place, server }, { record, signal, now })) }
  } catch (error) {
    // The service goes on where only its command line is ended.
    if (signal.aborted) await stopWriting()
    await removeSystemState(root, directory)
    throw error
  }
}

async function write(
  { target, place, server }: { target: string; place: string; server: string },
  { record, signal, now }: { record(pid: number | null): Promise<void>; signal: AbortSignal; now: () => Date },
): Promise<Omit<SystemState, 'root'>> {
  const takenAt = now()
  let noted = Promise.resolve()
  const said = await runTool(
    systemTool('wbadmin.exe'),
    ['start', 'systemstatebackup', `-backupTarget:${place}`, '-quiet'],
    {
      signal,
      onStart: pid => {
        noted = record(pid)
        noted.catch(() => {}) // told when it has ended
      },
    },
  ).finally(() => noted)
  await record(null)
  const version = await newestVersion(place, signal)
  const files = await filesBelow(`${place}\\${folder}\\${server}`, `${folder}/${server}`)
  const why = whyIncomplete(version, files)
  if (said.code !== 0 || version === undefined || why !== undefined)
    throw new Failure('exchange-system-state-failed', 'Windows Server Backup did not write the System State', {
      why: `${why ?? 'it ended with an error'}; it said: ${lastWords(said)}`,
      fix: `Try it by hand: wbadmin start systemstatebackup -backupTarget:${target}; 10 to 25 GB have to be free there. Or set systemState: false`,
      retriable: true,
    })
  return { version, files, takenAt }
}

/** Whatever Windows Server Backup is writing: it does one thing at a time. */
export async function stopWriting(): Promise<void> {
  const { signal } = new AbortController()
  await runTool(systemTool('wbadmin.exe'), ['stop', 'job', '-quiet'], { signal })
}

/** An image, its catalogue and its mark: how releases lay out the rest differs. */
function whyIncomplete(version: string | undefined, files: readonly SystemStateFile[]): string | undefined {
  if (version === undefined) return 'it names no version of it afterwards'
  if (!files.some(({ name, size }) => /\.vhdx?$/i.test(name) && size > 0)) return 'there is no image'
  if (!files.some(({ name }) => /(^|\/)MediaId$/i.test(name))) return 'there is no MediaId'
  if (!files.some(({ name }) => /\/Catalog\//i.test(name))) return 'there is no catalogue'
  return undefined
}

/** Its words are in the language of the system; a version is written in the same way everywhere. */
async function newestVersion(place: string, signal: AbortSignal): Promise<string | undefined> {
  const said = await runTool(systemTool('wbadmin.exe'), ['get', 'versions', `-backupTarget:${place}`], { signal })
  return said.stdout.match(/\d{2}\/\d{2}\/\d{4}-\d{2}:\d{2}/g)?.at(-1)
}

export function requireFeature(installed: boolean): void {
  if (installed) return
  throw new Failure('exchange-system-state-feature', 'Windows Server Backup is not installed on this server', {
    why: 'it is the one program of Windows that backs up the System State',
    fix: 'Run: Install-WindowsFeature Windows-Server-Backup (no restart is needed), or set systemState: false',
  })
}

/** The volume of Windows is a part of the System State itself. */
export function requireOtherVolume(target: string): void {
  const drive = (process.env.SystemDrive ?? process.env.SystemRoot?.slice(0, 2) ?? 'C:').toUpperCase()
  if (target.toUpperCase() !== drive) return
  throw new Failure('exchange-system-state-source', `The System State cannot be written to ${target}`, {
    why: 'Windows runs from this volume, so it is itself what is backed up',
    fix: 'Name another volume with 10 to 25 GB free, or a share, in systemState.target',
  })
}

const leastRoom = 10 * 1024 ** 3

/** How much is free on a share is not known beforehand. */
export function requireRoom(target: string, volumes: Inventory['volumes']): void {
  const found = volumes.find(({ name }) => name.toUpperCase() === `${target.toUpperCase()}\\`)
  if (!found || found.free >= leastRoom) return
  throw new Failure('exchange-system-state-small', `There is not enough room for the System State on ${target}`, {
    why: `${formatBytes(found.free)} are free, and a System State has 10 to 25 GB`,
    fix: 'Give the volume more room, or name another one in systemState.target',
  })
}

/** What is not ours is neither overwritten nor removed. */
async function requireFree(root: string, target: string): Promise<void> {
  try {
    await stat(localPath(root))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new Failure('exchange-system-state-target', `${target} cannot be looked at`, {
      why: messageOf(error),
      fix: 'See that the volume or share of systemState.target is there, and that the account of failsafe may write to it',
    })
  }
  throw new Failure('exchange-system-state-occupied', `${root} is there already`, {
    why: 'a backup of somebody else would be overwritten, or mixed up with ours',
    fix: 'Name a volume or share in systemState.target that Windows Server Backup does not use otherwise, or move that folder away',
  })
}

async function filesBelow(path: string, name: string): Promise<SystemStateFile[]> {
  const entries = await readdir(localPath(path), { withFileTypes: true }).catch(error => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files: SystemStateFile[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inside = { path: `${path}\\${entry.name}`, name: `${name}/${entry.name}` }
    if (entry.isDirectory()) files.push(...(await filesBelow(inside.path, inside.name)))
    else files.push({ ...inside, size: (await stat(localPath(inside.path))).size })
  }
  return files
}

/**
 * When it is sealed, or the run has failed. Once: what is written there later is somebody else's.
 * @throws Failure `exchange-system-state-left`
 */
export async function removeSystemState(root: string, directory: string): Promise<void> {
  try {
    await rm(localPath(root), { recursive: true, force: true })
  } catch (cause) {
    throw new Failure('exchange-system-state-left', `The System State in ${root} cannot be removed`, {
      why: messageOf(cause),
      fix: `See with wbadmin get status whether it is still being written, and end that with wbadmin stop job; then remove the folder, or run the backup again`,
      retriable: true,
      cause,
    })
  }
  await forgetSystemState(directory)
}
