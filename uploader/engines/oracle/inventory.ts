import type { Settings } from './settings.ts'

/** What one look at the database showed. SCNs are text of digits. */
export interface Inventory {
  /** DBID. */
  id: string
  name: string
  uniqueName: string
  host: string
  instance: string
  version: string
  platform: string
  logMode: string
  openMode: string
  role: string
  /** The container that the session is in. */
  container: string
  hasContainers: boolean
  incarnation: Incarnation
  scn: string
  /** The server's clock, an instant with its offset. */
  now: string
  /** The root and the pluggable databases; empty where there are none. */
  containers: Container[]
  dataFiles: DataFile[]
  threads: Thread[]
  policy: Pick<Settings, 'nologging' | 'backupMode' | 'method' | 'noarchivelog'> & { files: 'local' | 'remote' }
}

/** The history of redo that the database is in: OPEN RESETLOGS begins another one. */
export interface Incarnation {
  /** RESETLOGS_ID. */
  id: string
  /** RESETLOGS_CHANGE#. */
  scn: string
}

export interface Container {
  id: number
  databaseId: string
  name: string
  openMode: string
}

export interface DataFile {
  number: number
  container: number
  tablespace: string
  /** As the server names it. */
  path: string
  status: string
  enabled: string
  bytes: number
  blockSize: number
  creationScn: string
  /** What the server's clock showed. */
  creationTime: string
  checkpointScn: string
  /** Of the newest change without redo; 0 for none. */
  unrecoverableScn: string
}

export interface Thread {
  number: number
  enabled: boolean
  /** When that became so; 0 for always. */
  changedScn: string
}

export function enabledThreads({ threads }: Pick<Inventory, 'threads'>): number[] {
  return threads.filter(({ enabled }) => enabled).map(({ number }) => number)
}

/** Nothing is archived, so that it is copied while it is closed. */
export function isCold({ logMode }: Pick<Inventory, 'logMode'>): boolean {
  return logMode !== 'ARCHIVELOG'
}

/**
 * How a data file is copied:
 * - `hot`: it is written to meanwhile, so it has to be in backup mode
 * - `still`: nobody writes to it: read only, offline, or of a database or container that is not open for writing
 */
export function treatmentOf(
  file: DataFile,
  { containers, openMode }: Pick<Inventory, 'containers' | 'openMode'>,
): 'hot' | 'still' {
  if (openMode !== 'READ WRITE') return 'still'
  if (file.enabled !== 'READ WRITE' || !['SYSTEM', 'ONLINE'].includes(file.status)) return 'still'
  const container = containers.find(({ id }) => id === file.container)
  return container === undefined || container.openMode === 'READ WRITE' ? 'hot' : 'still'
}
