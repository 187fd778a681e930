import type { Moment, Taking, Way } from './moment.ts'
import { preparedTransactions } from './prepared.ts'
import {
  type LogState,
  listContent,
  openSnapshot,
  serverTime,
  snapshotLogState,
  snapshotLogStates,
} from './snapshot.ts'

const attempts = 10

/**
 * Opens all snapshots one after the other and looks whether anything was committed between the first and the last. MariaDB tells each
 * snapshot its position. MySQL tells only where its log ends, and writes a transaction there before a snapshot can see it: the same
 * end before and after would prove nothing.
 */
export const optimistic: Way = async taking => {
  const { inventory, readers, selection } = taking
  if (inventory.flavour !== 'mariadb' || inventory.logBase === null) return undefined
  for (let attempt = 0; attempt < attempts; attempt++) {
    taking.signal.throwIfAborted()
    const time = await serverTime(taking.control)
    const state = await sameForAll(taking)
    if (state)
      return {
        mode: 'optimistic',
        readers,
        ...state,
        replicaOf: null,
        time,
        ...(await listContent(readers[0]!, selection)),
        release: async () => {},
      }
    await Promise.all(readers.map(reader => reader.query('ROLLBACK')))
    await taking.sleep(50 * attempt)
  }
  return undefined
}

/** One connection sees one moment by itself, but reads alone. */
export const single: Way = async taking => {
  const { control, inventory } = taking
  const [reader, ...others] = taking.readers
  const time = await serverTime(control)
  const known = inventory.flavour === 'mariadb' && inventory.logBase !== null
  const before = known ? await preparedTransactions(taking) : []
  await openSnapshot(reader!)
  // MySQL's log may already hold what the snapshot does not see yet: whoever went on from its end would lose that.
  const state = known ? await snapshotLogState(reader!) : { log: null, gtid: null }
  await Promise.all(others.map(other => other.end()))
  const moment: Moment = {
    mode: 'single',
    readers: [reader!],
    ...state,
    // One that ended between the two looks may or may not be in the snapshot.
    prepared: known ? [...new Set([...before, ...(await preparedTransactions(taking))])] : [],
    replicaOf: null,
    time,
    ...(await listContent(reader!, taking.selection)),
    release: async () => {},
  }
  return moment
}

/** What is prepared is looked up between the first snapshot and the last: what ends before that look moves the log, and this is noticed. */
async function sameForAll(taking: Taking): Promise<(LogState & Pick<Moment, 'prepared'>) | undefined> {
  const { readers } = taking
  await openSnapshot(readers[0]!)
  const prepared = await preparedTransactions(taking)
  await Promise.all(readers.slice(1).map(openSnapshot))
  const states = await snapshotLogStates(readers)
  const [first, ...others] = states.map(state => JSON.stringify(state))
  return others.every(other => other === first) ? { ...states[0]!, prepared } : undefined
}
