import type { Moment, Taking, Way } from './moment.ts'
import { currentLogState, type LogState, listContent, openSnapshot, serverTime, snapshotLogState } from './snapshot.ts'

const attempts = 10

/** Opens all snapshots one after the other and looks whether anything was committed between the first and the last. */
export const optimistic: Way = async taking => {
  const { inventory, readers } = taking
  if (inventory.logBase === null) return undefined
  for (let attempt = 0; attempt < attempts; attempt++) {
    taking.signal.throwIfAborted()
    const time = await serverTime(taking.control)
    const state = inventory.flavour === 'mariadb' ? await sameForAll(taking) : await unchangedMeanwhile(taking)
    if (state === 'unknown') return undefined
    if (state)
      return {
        mode: 'optimistic',
        readers,
        ...state,
        time,
        ...(await listContent(readers[0]!)),
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
  // MySQL: the position before the snapshot is a lower bound, so that nothing is missing between it and the snapshot.
  const before =
    inventory.flavour === 'mysql' && inventory.logBase !== null ? await currentLogState(control, inventory) : undefined
  await openSnapshot(reader!)
  const state = before ?? (inventory.logBase === null ? { log: null, gtid: null } : await snapshotLogState(reader!))
  await Promise.all(others.map(other => other.end()))
  const moment: Moment = {
    mode: 'single',
    readers: [reader!],
    ...state,
    time,
    ...(await listContent(reader!)),
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

async function unchangedMeanwhile({ control, readers, inventory }: Taking): Promise<LogState | undefined | 'unknown'> {
  const before = await currentLogState(control, inventory)
  if (before.log === null && before.gtid === null) return 'unknown'
  await Promise.all(readers.map(openSnapshot))
  const after = await currentLogState(control, inventory)
  return JSON.stringify(before) === JSON.stringify(after) ? before : undefined
}
