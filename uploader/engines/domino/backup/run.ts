import type { BackupContext, Plan } from '../../engine.ts'
import type { Helper } from '../helper/helper.ts'
import type { LogStyle } from '../notes/library.ts'
import type { Instance } from '../place/instance.ts'
import type { Settings } from '../settings.ts'
import type { Copies } from './copies.ts'

export interface Patience {
  /** Milliseconds between two attempts at what is busy. */
  pause: number
  attempts: number
}

/** What one backup of a partition works with. */
export interface Run {
  plan: Plan
  instance: Instance
  style: LogStyle | null
  settings: Settings
  helper: Helper
  copies: Copies
  patience: Patience
  context: BackupContext
}
