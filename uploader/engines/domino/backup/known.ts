import type { LaneHeads, UnitEntry } from '../../../../shared/snapshot.ts'
import type { Found } from '../place/walk.ts'
import { entryIn } from '../plan/continuation.ts'
import { type Identities, identitiesIn, identityOf, pathKey } from './info.ts'
import { logInfoOf } from './log-info.ts'
import type { Run } from './run.ts'

/** Why a database is in a run of logs. */
export type Wanted = Pick<Found, 'path' | 'name'> & { reason?: string }

/** The run of logs that followed the last full, if there is one: those before it led on from the full before. */
export function logSince({ data, log }: LaneHeads): UnitEntry | undefined {
  const entry = entryIn(log)
  return entry?.info?.base === data?.snapshot ? entry : undefined
}

/** What runs of logs took since the last full, and with it what that one holds. */
export function knownTo(heads: LaneHeads): { since: Identities; all: Identities } {
  const since = identitiesIn(logSince(heads)?.info?.databases)
  return { since, all: new Map([...identitiesIn(entryIn(heads.data)?.info?.databases), ...since]) }
}

/** Databases that no run before this one holds as the log knows them now. */
export async function* unknownAmong(
  databases: Iterable<Found>,
  known: Identities,
  run: Pick<Run, 'helper' | 'context'>,
): AsyncGenerator<Wanted, void, undefined> {
  for (const { path, name } of databases) {
    const info = await logInfoOf(run, path)
    run.context.signal.throwIfAborted()
    if (!info) continue
    const before = known.get(pathKey(path))
    if (before === identityOf(info)) continue
    yield { path, name, reason: before === undefined ? 'it is new' : 'the log knows it by another identity' }
  }
}
