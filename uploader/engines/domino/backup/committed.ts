import type { Stored } from '../../engine.ts'
import { CallFailed } from '../helper/call-failed.ts'
import type { Helper, HelperOptions } from '../helper/helper.ts'
import { withNotes } from '../helper/with-notes.ts'
import { status } from '../notes/status.ts'
import { readInstance } from '../place/instance.ts'
import type { Settings } from '../settings.ts'
import { hashOf } from './files.ts'
import { extentsIn } from './info.ts'

/**
 * Only now may Domino use the extents again that the snapshot holds: those that it still offers and that still have the very content. An extent is known by the
 * log's id and its number, since its file gets another number when it is used again.
 */
export async function committed(
  settings: Settings,
  { units }: Pick<Stored, 'units'>,
  signal: AbortSignal,
  options: HelperOptions,
): Promise<{ notes: string[] }> {
  const [entry] = units
  const extents = extentsIn(entry?.info)
  if (!entry || extents.size === 0) return { notes: [] }
  const instance = await readInstance(settings)
  return withNotes(instance, settings, signal, options, async helper => {
    const notes: string[] = []
    await helper.ask('begin-archiving', {}, { signal })
    try {
      const waiting = await helper.ask('waiting-extents', {}, { signal })
      for (const { logId, number, path, closed } of waiting) {
        const hash = extents.get(number)
        if (!closed || hash === undefined || logId !== entry.to.stream) continue
        if ((await hashOf(path)) === hash) await done(helper, { logId, number }, signal)
        else
          notes.push(
            `Extent ${number} of the transaction log is not what was backed up: Domino keeps it, and the next run takes it again`,
          )
      }
    } finally {
      // Its process holds it, and may be gone.
      await helper.ask('end-archiving', {}).catch(() => {})
    }
    return { notes }
  })
}

async function done(helper: Helper, extent: { logId: string; number: number }, signal: AbortSignal): Promise<void> {
  try {
    await helper.ask('done-archiving', extent, { signal })
  } catch (error) {
    if (!(error instanceof CallFailed) || error.status !== status.noSuchExtent) throw error
  }
}
