import type { LaneHeads, SnapshotKind, UnitEntry } from '../../../../shared/snapshot.ts'
import type { Plan } from '../../engine.ts'
import type { Inventory } from '../inventory.ts'
import { baseOf } from './base.ts'
import type { Machine } from './machine.ts'
import { programs } from './program.ts'

/**
 * A full, or where it was asked for and can be, a differential.
 * @param instead why it is no log, where one was asked for
 */
export function planPhysical(
  requested: SnapshotKind,
  inventory: Inventory,
  machine: Machine,
  heads: LaneHeads,
  rest: { instead: Plan['promoted']; engineVersion: string; continues: UnitEntry[] },
): Plan {
  const { instead, engineVersion, continues } = rest
  const known = requested === 'differential' ? baseOf(inventory, machine, heads) : undefined
  const { backup } = programs[inventory.flavour]
  if (known?.possible)
    return {
      kind: 'differential',
      promoted: null,
      // A page of 16 KiB may be copied for one byte, or once for a thousand changes: this is a guess.
      expectedBytes: Math.min(machine.bytes, Number(BigInt(machine.lsn) - BigInt(known.lsn))),
      steps: steps(`Copy every page that was changed since the last full backup, with ${backup}`),
      engineVersion,
      continues,
      base: known.base,
    }
  return {
    kind: 'full',
    promoted: known ? { code: known.code, reason: known.reason } : instead,
    expectedBytes: machine.bytes,
    steps: steps(`Copy the data files of all databases with ${backup}`),
    engineVersion,
    continues,
  }
}

function steps(copy: string): string[] {
  return [
    'Connect to the server and look at its version, rights and data directory',
    `${copy}, and what is written to the redo log meanwhile, while the server keeps working`,
    'Keep commits off for a moment, copy what is not in InnoDB, and note the position of the binary log',
    'Check that the copy is complete and which history of the binary log it belongs to',
  ]
}
