import type { Instance, Visitor } from '../model/instance.ts'

/** Who asks, and where: what a catalogue view shows depends on it. */
export interface Asker {
  instance: Instance
  visitor: Visitor
  /** Open transactions, for @@TRANCOUNT. */
  transactions: number
  /** The number of the last error, for @@ERROR. */
  lastError: number
  /** Rows of the last statement, for @@ROWCOUNT. */
  rowCount: number
}
