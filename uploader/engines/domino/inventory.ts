import type { LogStyle } from './notes/library.ts'
import type { Instance } from './place/instance.ts'

/** What one look at a partition showed, by the names and sizes of its files alone. */
export interface Inventory {
  instance: Instance
  /** Null where nothing is logged. */
  style: LogStyle | null
  databases: number
  databaseBytes: number
  /** Files that are no databases. */
  fileBytes: number
  /** Objects in the attachment store, and what they are estimated to have. */
  objects: number
  objectBytes: number
}
