import type { SourceId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { Receiver } from '../receiver/receiver.ts'
import { RunDirectory } from '../staging/directory.ts'
import { type JournalRecord, readJournal } from '../staging/journal.ts'

/**
 * Ends what runs of this source have left behind when they were killed. One that had already asked to commit is committed, any other is aborted at the receiver; its
 * staging is emptied. The caller holds the source.
 * @returns a line for each run that was found
 * @throws Failure if the receiver cannot be reached: the remains stay for the next run
 */
export async function undoRemains(
  staging: string,
  source: SourceId,
  receiver: Pick<Receiver, 'open' | 'abort' | 'commit'>,
): Promise<string[]> {
  const notes: string[] = []
  for (const directory of await RunDirectory.remains(staging, source)) {
    const records = await readJournal(directory.journal)
    notes.push(await end(records, receiver))
    await directory.remove()
  }
  return notes
}

type Of<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>

async function end(records: JournalRecord[], receiver: Pick<Receiver, 'open' | 'abort' | 'commit'>): Promise<string> {
  const find = <T extends JournalRecord['type']>(type: T) =>
    records.findLast((record): record is Of<T> => record.type === type)
  const run = find('run')
  if (!run) return 'An earlier run was interrupted before it began'
  if (find('committed')) return `Run ${run.run} was interrupted after its snapshot was committed`
  const sealed = find('sealed')
  const opened = find('opened')
  if (sealed && opened && (await unlessRefused(receiver.commit(opened.snapshot, opened.lease, sealed.manifest))))
    return `Run ${run.run} was interrupted while it was committed; its snapshot ${opened.snapshot} is complete`
  const { source, lane, kind, expectedBytes } = run
  // The same run gets the same snapshot and lease, also where this machine died before it learnt of them.
  const again = await unlessRefused(receiver.open({ source, lane, kind, run: run.run, expectedBytes }))
  if (again) await unlessRefused(receiver.abort(again.snapshot, again.lease.token).then(() => true))
  return `Run ${run.run} was interrupted; what it had staged was discarded`
}

/** A refusal says that there is nothing left to end: the snapshot is gone, committed, or another run's business by now. Not so one that refuses the agent. */
async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof ProblemError && !error.retriable && error.status !== 401 && error.status !== 403)
      return undefined
    throw error
  }
}
