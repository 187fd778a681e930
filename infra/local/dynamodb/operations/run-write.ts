import { addUnits } from '../items/capacity.ts'
import { executeWrite, type Outcome } from '../items/execute-write.ts'
import type { Write } from '../items/write.ts'
import { type CapacityMode, consumed } from '../protocol/consumed.ts'
import type { Service } from '../service.ts'
import type { Attributes } from '../values/attribute.ts'

/** A write on its own, with the answer that PutItem, UpdateItem and DeleteItem share. */
export function runWrite(
  service: Service,
  write: Write,
  mode: CapacityMode,
  returned: (outcome: Outcome) => Attributes | undefined,
): object {
  const outcome = service.database.transaction(() => executeWrite(write))
  return {
    Attributes: returned(outcome),
    ConsumedCapacity: consumed(mode, write.table.schema.name, addUnits([outcome.units])),
  }
}
