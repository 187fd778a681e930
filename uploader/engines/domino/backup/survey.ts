import { type Found, walk } from '../place/walk.ts'
import { pathKey } from './info.ts'
import { PackedList } from './packed-list.ts'
import type { Run } from './run.ts'

/** What lies in a partition. There may be very much of it. */
export interface Survey {
  databases: PackedList<Found>
  /** Those that are no databases, without notes.ini. */
  files: PackedList<Found>
  /** False: something was in the way, and there may be more. */
  whole: boolean
}

/** Looks at every file once, and warns of what cannot be backed up. */
export async function survey({ instance, settings, context }: Omit<Run, 'plan'>): Promise<Survey> {
  const found: Survey = { databases: new PackedList(), files: new PackedList(), whole: true }
  const trouble = (code: string, message: string) => {
    found.whole = false
    context.warn(code, message)
  }
  for await (const one of walk(instance, { exclude: settings.exclude, trouble }, context.signal)) {
    if (one.kind === 'database') found.databases.add(one)
    // It comes first, and its bytes are those that were parsed.
    else if (one.file !== instance.ini) found.files.add(one)
  }
  return found
}

/** Keys of the paths that a survey has found, whatever lies there. */
export function keysIn({ databases, files }: Survey): Set<string> {
  const keys = new Set<string>()
  for (const list of [databases, files]) for (const { path } of list) keys.add(pathKey(path))
  return keys
}
