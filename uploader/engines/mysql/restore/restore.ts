import type { ArtefactRole } from '../../../../shared/manifest.ts'
import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { replayFiles } from '../replay/files.ts'
import { replayLogs } from '../replay/replay.ts'
import { fullAlone, replayRunbook } from '../replay/runbook.ts'
import { scan } from '../replay/scan.ts'
import { stopOf } from '../replay/stop.ts'
import { prepareTarget } from '../replay/target.ts'
import { apply, requireFiles } from './apply.ts'
import { readFiles } from './files.ts'
import { runbook } from './runbook.ts'
import { parseTarget } from './target.ts'

/** Logs are replayed, and the metadata is for others. */
const nothingToLoad: ArtefactRole[] = ['log', 'file']

/** A full, and after it the binary logs up to the wanted moment or place. */
export async function restore(input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  const stop = stopOf(input)
  const full = fullAlone(input)
  const mariadb = input.snapshots.at(-1)?.engineVersion.startsWith('MariaDB') ?? false
  const replay = await scan(replayFiles(input), stop, context.signal)
  const text = `${runbook(full.input)}${replayRunbook(replay, full.folder, mariadb)}`
  if (!input.apply) return { runbook: text, applied: false, notes: [] }
  const login = parseTarget(input.apply.target)
  const data = { ...input, files: input.files.filter(({ role }) => !nothingToLoad.includes(role)) }
  const files = await readFiles(data)
  requireFiles(files)
  if (replay.groups === 0) return { runbook: text, applied: true, notes: await apply(login, data, files, context) }
  const target = await prepareTarget(login, replay, context)
  try {
    const loaded = await apply(login, data, files, context)
    return {
      runbook: text,
      applied: true,
      notes: [...loaded, ...(await replayLogs(login, replay, target.mariadb, context))],
    }
  } finally {
    await target.putBack()
  }
}
