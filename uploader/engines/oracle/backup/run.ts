import type { BackupContext, Plan } from '../../engine.ts'
import type { Control } from '../connection/control.ts'
import type { Directories } from '../files/directories.ts'
import type { ServerFiles } from '../files/server-file.ts'
import type { Inventory } from '../inventory.ts'
import type { Settings } from '../settings.ts'
import type { BackupMode } from './backup-mode.ts'
import type { Waiting } from './redo.ts'

/** All that a session works with. */
export interface Run {
  plan: Plan
  settings: Settings
  inventory: Inventory
  control: Control
  files: ServerFiles
  directories: Directories
  backupMode: BackupMode
  /** Of what the server is told to write. */
  prefix: string
  context: BackupContext
  /** Milliseconds. */
  times: Times
}

export interface Times {
  /** That shutting down and mounting may take. */
  shutdown: number
  /** That archiving may take. */
  archive: number
  waiting: Waiting
  /** Until the clock of the server shows another second. */
  second: number
}
