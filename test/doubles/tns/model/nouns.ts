export interface Container {
  /** 0 for a database without containers, 1 for the root of one that has them, 2 for the seed. */
  id: number
  name: string
  openMode: 'READ WRITE' | 'READ ONLY' | 'MOUNTED'
}

export interface Tablespace {
  number: number
  name: string
  container: number
  bigfile: boolean
  kind: 'PERMANENT' | 'UNDO'
  readOnly: boolean
  offline: boolean
}

export interface DataFile {
  number: number
  tablespace: Tablespace
  /** Where it lies on this machine. */
  path: string
  /** As the views show it: not the path where a test has the database say that the file lies in ASM or on another system. */
  name: string
  blocks: number
  /** Taken offline by itself, and in need of recovery. */
  needsRecovery: boolean
  creationScn: bigint
  creationTime: Date
  checkpointScn: bigint
  checkpointTime: Date
  checkpointCount: number
  unrecoverableScn: bigint
  unrecoverableTime: Date | null
  /** The last time that it was put in backup mode; 0 for never. */
  backup: { active: boolean; scn: bigint; time: Date | null }
}

export interface LogGroup {
  group: number
  thread: number
  members: string[]
  sequence: number
  status: 'CURRENT' | 'ACTIVE' | 'INACTIVE' | 'UNUSED'
  archived: boolean
  firstScn: bigint
  firstTime: Date
  nextScn: bigint
  nextTime: Date
}

export interface Thread {
  number: number
  instance: string
  enabled: boolean
  open: boolean
  /** When it was last enabled, and last disabled; 0 for never. */
  readonly enabledScn: bigint
  readonly disabledScn: bigint
}

/** A row of V$ARCHIVED_LOG: one for each copy of a log. */
export interface ArchivedLog {
  record: number
  /** Who has made the copy: the archiver, or RMAN. */
  registrar: 'ARCH' | 'RMAN'
  /** As the views show it: not the path where a test has the database say that it lies in ASM; null once RMAN has deleted the copy. */
  name: string | null
  /** Where it lies on this machine. */
  path: string
  destination: number
  thread: number
  sequence: number
  resetlogsId: number
  resetlogsScn: bigint
  resetlogsTime: Date
  firstScn: bigint
  firstTime: Date
  nextScn: bigint
  nextTime: Date
  blocks: number
  deleted: boolean
  status: 'A' | 'D' | 'U' | 'X'
  completed: Date
}

export interface Incarnation {
  number: number
  prior: number
  resetlogsScn: bigint
  resetlogsTime: Date
  resetlogsId: number
  status: 'CURRENT' | 'PARENT' | 'ORPHAN'
}

export interface ArchiveDestination {
  number: number
  path: string
  /** The recovery area, which is not named by its path. */
  isRecoveryArea?: true
  /** Nothing more fits: archiving waits. */
  full: boolean
}

/** A DIRECTORY object. */
export interface Directory {
  name: string
  path: string
  container: number
}

/** What was written when; the truth that a restore is compared with. */
export interface Change {
  scn: bigint
  time: Date
  file: number
  block: number
  value: string
}
