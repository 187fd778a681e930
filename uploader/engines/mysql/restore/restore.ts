import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { restorePhysical } from '../physical/restore.ts'
import { isPhysical } from '../physical/streams.ts'
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

/** A full, and after it the binary logs up to the wanted moment or place. */
export async function restore(input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  if (isPhysical(input)) return restorePhysical(input, context)
  const stop = stopOf(input)
  const full = fullAlone(input)
  const mariadb = input.snapshots.at(-1)?.engineVersion.startsWith('MariaDB') ?? false
  const replay = await scan(replayFiles(input), stop, context.signal)
  const logs = replayRunbook(replay, mariadb, {
    above: `The commands above are run in the folder \`${full.folder.slice(0, -1)}\`.`,
    how: 'With `--apply`, failsafe replays them itself. By hand, in this directory',
  })
  const text = `${runbook(full.input)}${logs}`
  if (!input.apply) return { runbook: text, applied: false, notes: [] }
  const login = parseTarget(input.apply.target)
  const data = { ...input, files: input.files.filter(({ role }) => role !== 'log') }
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
