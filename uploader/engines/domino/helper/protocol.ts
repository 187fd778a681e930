import type { Copied } from '../notes/copy-database.ts'
import type { Extent, LogInfo, LogStyle } from '../notes/library.ts'

/** What the helper process can be asked for, one after the other. */
export interface Calls {
  /** First, and once. */
  init: { parameters: { library: string; ini: string }; result: null }
  style: { parameters: Record<string, never>; result: LogStyle | null }
  info: { parameters: { path: string }; result: LogInfo }
  copy: { parameters: { path: string; to: string }; result: Copied }
  'begin-archiving': { parameters: Record<string, never>; result: null }
  'waiting-extents': { parameters: Record<string, never>; result: Extent[] }
  'done-archiving': { parameters: { logId: string; number: number }; result: null }
  'end-archiving': { parameters: Record<string, never>; result: null }
  'take-offline': { parameters: { path: string; wait: number }; result: null }
  'bring-online': { parameters: { path: string }; result: null }
  /** `extents`: the files of those that can be had, by their numbers. */
  recover: { parameters: { path: string; logId: string; extents: Record<string, string> }; result: null }
  /** Whether the user of the helper may write there. */
  probe: { parameters: { directory: string }; result: { user: string } }
}

export type Call = keyof Calls

export type Request =
  | { [C in Call]: { id: number; call: C; parameters: Calls[C]['parameters'] } }[Call]
  /** Ends the copy that is under way, or does not begin it. */
  | { call: 'cancel'; id: number }
  /** Closes the library; the process ends. */
  | { call: 'end' }

export type Answer =
  | { id: number; result: unknown }
  | {
      id: number
      failed: { message: string; notes?: { call: string; status: number }; code?: string; missing?: string }
    }
  /** Bytes of a copy that were read; a sign of life too. */
  | { id: number; bytes: number }
