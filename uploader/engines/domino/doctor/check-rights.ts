import { Failure } from '../../../../shared/failure.ts'
import type { Finding } from '../../engine.ts'
import { CallFailed } from '../helper/call-failed.ts'
import type { HelperOptions } from '../helper/helper.ts'
import { withNotes } from '../helper/with-notes.ts'
import { readInstance, requireOutside } from '../place/instance.ts'
import type { Settings } from '../settings.ts'

/** So many extents that wait are hours of a busy server. */
const manyExtents = 100

/** Proves what a backup needs: that the helper starts as the user of the server, has Domino answer, and may write copies. */
export async function checkRights(settings: Settings, signal: AbortSignal, options: HelperOptions): Promise<Finding[]> {
  try {
    const instance = await readInstance(settings)
    await requireOutside(settings.directory, instance)
    return await withNotes(instance, settings, signal, options, async helper => {
      const findings: Finding[] = []
      const { directory } = settings
      try {
        await helper.ask('probe', { directory }, { signal })
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error
        findings.push({
          code: 'domino-directory',
          grave: true,
          what: `The user of the server cannot write into ${directory}`,
          why: error.message,
          fix: `Let it own the directory: install -d -o ${settings.user ?? 'notes'} -m 0700 ${directory}`,
        })
      }
      if ((await helper.ask('style', {}, { signal })) === 'archive') findings.push(...(await waiting()))
      if (instance.objectStore)
        findings.push({
          code: 'domino-object-store',
          grave: false,
          what: 'Attachments in an object store (DAOS tier 2) are not part of the backup',
          why: 'they are not on this machine',
          fix: 'Back the bucket up by its own means',
        })
      return findings

      async function waiting(): Promise<Finding[]> {
        await helper.ask('begin-archiving', {}, { signal })
        const extents = await helper
          .ask('waiting-extents', {}, { signal })
          .finally(() => helper.ask('end-archiving', {}))
        const count = extents.filter(({ closed }) => closed).length
        if (count < manyExtents) return []
        return [
          {
            code: 'domino-extents-waiting',
            grave: false,
            what: `${count} extents of the transaction log wait to be backed up`,
            why: 'Domino stops when the disk of its log is full',
            fix: 'Back up now: failsafe backup SOURCE --mode log',
          },
        ]
      }
    })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Failure)) throw error
    return [{ code: error.code, grave: true, what: error.message, why: error.why ?? '', fix: error.fix ?? '' }]
  }
}
