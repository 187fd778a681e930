import type { UnitEntry } from '../../../../shared/snapshot.ts'
import { systemStateUnit } from '../inventory.ts'
import { positionOf } from '../position.ts'
import type { CopyOfDatabase } from './copy-of-database.ts'
import type { SystemState } from './system-state.ts'

/** What a full says of a database. @param at the moment of its shadow copy */
export function entryFor({ database, passive, header, logs, current, edb }: CopyOfDatabase, at: Date): UnitEntry {
  const last = logs.at(-1)
  const reached = last?.header.generation ?? (current ? current.header.generation - 1 : header.required.max)
  const to = positionOf(database, header.signLog, reached)
  const moment = at.toISOString()
  return {
    unit: database.name,
    kind: 'full',
    base: null,
    from: to,
    to,
    covers: { from: moment, to: moment },
    info: {
      guid: database.guid,
      base: database.base,
      bytes: String(edb.size),
      state: header.state,
      required: `${header.required.min}-${header.required.max}`,
      ...(last && { created: last.header.created }),
      ...(database.lastFull !== null && { lastFull: database.lastFull }),
      ...(database.circular && { circular: 'true' }),
      ...(passive && { passive: 'true' }),
    },
  }
}

/** The System State belongs to the moment of the shadow copies, as near as Windows lets it be. */
export function systemStateEntry({ version, files, takenAt }: SystemState, at: Date, server: string): UnitEntry {
  const to = { stream: `system-state:${server}`, at: takenAt.toISOString() }
  return {
    unit: systemStateUnit,
    kind: 'full',
    base: null,
    from: to,
    to,
    covers: { from: takenAt.toISOString(), to: at.toISOString() },
    info: { version, bytes: String(files.reduce((sum, { size }) => sum + size, 0)) },
  }
}
