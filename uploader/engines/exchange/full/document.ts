import { hex } from '../ese/log-name.ts'
import type { Inventory } from '../inventory.ts'
import type { FullVerdict } from '../plan/judge.ts'
import { exchangeWriter } from '../windows/writers.ts'
import type { CopyOfDatabase } from './copy-of-database.ts'
import type { SystemState } from './system-state.ts'

/** `exchange.json` of a full: what became of each database, and what of the server is not in the snapshot. */
export function documentOf(
  { inventory, verdicts }: { inventory: Inventory; verdicts: readonly FullVerdict[] },
  copies: readonly CopyOfDatabase[],
  systemState: SystemState | undefined,
): object {
  const { server, version, isDomainController } = inventory
  const where = isDomainController && systemState ? 'in the System State' : 'not here: back up a domain controller'
  return {
    engine: 'exchange',
    version,
    server,
    activeDirectory: where,
    systemState: systemState ? { tool: 'wbadmin', version: systemState.version } : null,
    writer: exchangeWriter,
    databases: verdicts.map(verdict => {
      const copy = copies.find(({ database }) => database === verdict.database)
      if (copy) return backedUp(copy)
      const { name, guid } = verdict.database
      return { name, guid, result: 'left-out', ...(verdict.how === 'leave-out' && { reason: verdict.reason }) }
    }),
  }
}

function backedUp({ database, passive, edb, header, logs, current }: CopyOfDatabase): object {
  const { name, guid, base } = database
  const [first, last] = [logs[0], logs.at(-1)].map(log => (log ? hex(log.header.generation) : null))
  return {
    name,
    guid,
    result: 'backed-up',
    passive,
    edb: { file: database.edb, size: edb.size, ...header },
    logs: { base, first, last, current: current ? hex(current.header.generation) : null },
  }
}
