import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext, RestoreInput, RestoreReport } from '../../engine.ts'
import { replayFiles } from '../replay/files.ts'
import { replayRunbook } from '../replay/runbook.ts'
import { scan } from '../replay/scan.ts'
import { stopOf } from '../replay/stop.ts'
import { layOut } from './lay-out.ts'
import { programs } from './program.ts'
import { physicalRunbook } from './runbook.ts'
import { streamsOf } from './streams.ts'
import { parseDirectory } from './target.ts'

/**
 * Copies of data files. With a target they become a data directory there; the binary logs need a server that runs on it, so their replay is for the
 * operator: the runbook has the command.
 */
export async function restorePhysical(input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  const replay = await scan(replayFiles(input), stopOf(input), context.signal, { fullHoldsPrepared: true })
  const mariadb = input.snapshots.at(-1)!.engineVersion.startsWith('MariaDB')
  const logs = replayRunbook(replay, mariadb, {
    above: 'First the server is started on the data directory.',
    how: 'In this directory',
    isPart: false,
  })
  const runbook = `${physicalRunbook(input)}${logs}`
  if (!input.apply) return { runbook, applied: false, notes: [] }
  const directory = parseDirectory(input.apply.target)
  const streams = streamsOf(input)
  if (!streams)
    throw new Failure('restore-part', 'What is chosen of a copy of data files makes no data directory', {
      why: 'such a copy is of use as a whole only',
      fix: 'Leave out --only',
    })
  await layOut(input, streams, directory, context)
  if (replay.groups > 0)
    context.warn(
      'logs-not-replayed',
      `${replay.groups} transactions of the binary logs belong to the wanted moment and need a running server: start it on ${directory}, then run the last command of RESTORE.md`,
    )
  const { server } = programs[streams.flavour]
  return {
    runbook,
    applied: true,
    notes: [
      `${directory} is a data directory of ${input.snapshots.at(-1)!.engineVersion} now`,
      `to go on: chown -R mysql:mysql ${directory}, and start ${server} with datadir = ${directory}`,
    ],
  }
}
