import type { ArtefactRole } from '../../../../shared/manifest.ts'
import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { restorePhysical } from '../physical/restore.ts'
import { isPhysical } from '../physical/streams.ts'
import { replayFiles } from '../replay/files.ts'
import { Foresight } from '../replay/foresight.ts'
import { filterOf } from '../replay/part.ts'
import { replayLogs } from '../replay/replay.ts'
import { fullAlone, replayRunbook } from '../replay/runbook.ts'
import { type Replay, scan } from '../replay/scan.ts'
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
  if (isPhysical(input)) return restorePhysical(input, context)
  const stop = stopOf(input)
  const full = fullAlone(input)
  const mariadb = input.snapshots.at(-1)?.engineVersion.startsWith('MariaDB') ?? false
  const logs = replayFiles(input)
  const textOf = (replay: Replay) =>
    `${runbook(full.input)}${replayRunbook(replay, mariadb, {
      above: `The commands above are run in the folder \`${full.folder.slice(0, -1)}\`.`,
      how: 'With `--apply`, failsafe replays them itself. By hand, in this directory',
      isPart: input.only !== undefined || full.input.snapshots[0]?.units[0]?.info?.selection !== undefined,
    })}`
  if (!input.apply) return { runbook: textOf(await scan(logs, stop, context.signal)), applied: false, notes: [] }
  const login = parseTarget(input.apply.target)
  const data = { ...input, files: input.files.filter(({ role }) => !nothingToLoad.includes(role)) }
  const files = await readFiles(data)
  requireFiles(files)
  const filter = logs.length === 0 ? undefined : await filterOf(input, files)
  const foresight = filter && new Foresight(filter)
  const replay = await scan(logs, stop, context.signal, { foresight })
  warnOfLeftOut(foresight?.leftOut ?? [], context.warn)
  const text = textOf(replay)
  if (replay.groups === 0) return { runbook: text, applied: true, notes: await apply(login, data, files, context) }
  const target = await prepareTarget(login, replay, context)
  try {
    const loaded = await apply(login, data, files, context, target.schedulerStopped)
    return {
      runbook: text,
      applied: true,
      notes: [...loaded, ...(await replayLogs(login, replay, { mariadb: target.mariadb, filter }, context))],
    }
  } finally {
    await target.putBack()
  }
}

function warnOfLeftOut(names: string[], warn: RestoreContext['warn']): void {
  if (names.length === 0) return
  const more = names.length > 10 ? ` and ${names.length - 10} more` : ''
  warn(
    'replay-not-chosen',
    `the logs hold changes that do not belong to what is restored, and they are left out: ${names.slice(0, 10).join(', ')}${more}`,
  )
}
