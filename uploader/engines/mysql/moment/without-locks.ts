import type { Moment, Taking, Way } from './moment.ts'
import { type LogState, listContent, openSnapshot, serverTime, snapshotLogState } from './snapshot.ts'

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
  await openSnapshot(reader!)
  // MySQL's log may already hold what the snapshot does not see yet: whoever went on from its end would lose that.
  const known = inventory.flavour === 'mariadb' && inventory.logBase !== null
  const state = known ? await snapshotLogState(reader!) : { log: null, gtid: null }
  await Promise.all(others.map(other => other.end()))
  const moment: Moment = {
    mode: 'single',
    readers: [reader!],
    ...state,
    time,
    ...(await listContent(reader!, taking.selection)),
    release: async () => {},
  }
  return moment
}

async function sameForAll({ readers }: Taking): Promise<LogState | undefined> {
  await Promise.all(readers.map(openSnapshot))
  const states = await Promise.all(readers.map(snapshotLogState))
  const [first, ...others] = states.map(state => JSON.stringify(state))
  return others.every(other => other === first) ? states[0] : undefined
}
