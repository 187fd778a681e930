import type { RestoreContext } from '../../engine.ts'
import { type Login, Server } from '../connection/server.ts'
import { eventType } from '../log/event-header.ts'
import { Groups } from '../log/groups.ts'
import { Applier, explainRefused } from './applier.ts'
import type { Filter } from './filter.ts'
import { readEvents } from './read-events.ts'
import { rollBack } from './roll-back.ts'
import type { Replay } from './scan.ts'

/** Carries out what `scan` found, on a target that the full was loaded into. Returns what was done, in words. */
export async function replayLogs(
  login: Login,
  replay: Replay,
  { mariadb, filter }: { mariadb: boolean; filter: Filter | undefined },
  context: Pick<RestoreContext, 'signal' | 'warn' | 'progress'>,
): Promise<string[]> {
  const { signal, warn, progress } = context
  let current: Server | undefined
  const open = async () => {
    current = await Server.connect(login, signal)
    return current
  }
  const abort = () => current?.destroy()
  signal.addEventListener('abort', abort, { once: true })
  const applier = new Applier({ open, mariadb, warn, ...(filter && { filter }) })
  let place = { name: replay.files[0]?.name ?? '', offset: replay.files[0]?.from ?? 0 }
  let done = 0
  try {
    for (const file of replay.files) {
      const groups = new Groups()
      for await (const event of readEvents(file, file.from, file.until)) {
        signal.throwIfAborted()
        if (event.type === eventType.formatDescription) applier.describe(event.bytes, event.format)
        if (event.offset < file.from) continue
        if (groups.between) place = { name: file.name, offset: event.offset }
        groups.add(event.type, event.bytes)
        await applier.apply(event)
        done += event.end - event.offset
        progress(done, replay.bytes)
      }
      await applier.endFile()
    }
    await applier.finish()
  } catch (error) {
    abort()
    const { prepared } = applier
    await rollBack(login, prepared, warn)
    signal.throwIfAborted()
    throw explainRefused(error, place, prepared.size === 0)
  } finally {
    signal.removeEventListener('abort', abort)
    await applier.close()
  }
  return [summary(replay)]
}

function summary({ groups, last }: Replay): string {
  return last
    ? `${groups} transactions replayed from the binary logs, up to ${last.file}:${last.offset} (${last.time}${last.gtid ? `, ${last.gtid}` : ''})`
    : 'no transaction of the binary logs lies before the wanted moment'
}
