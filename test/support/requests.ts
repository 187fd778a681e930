import type { Table } from '../../lambdas/catalogue/table.ts'

/** What was asked of DynamoDB. Units are those that it bills. */
export interface TableRequests {
  requests: number
  /** Items that were read, also those that a filter left out. */
  items: number
  readUnits: number
  writeUnits: number
}

interface Command {
  constructor: { name: string }
  input: { ReturnConsumedCapacity?: string }
}
interface Capacity {
  CapacityUnits?: number
}
interface Output {
  ScannedCount?: number
  Item?: object
  Responses?: Record<string, object[]>
  ConsumedCapacity?: Capacity | Capacity[]
}

/** The table with a counter before it. */
export function countRequests(table: Table): { table: Table; count: TableRequests } {
  const count: TableRequests = { requests: 0, items: 0, readUnits: 0, writeUnits: 0 }
  const send = async (command: Command): Promise<unknown> => {
    command.input.ReturnConsumedCapacity = 'TOTAL'
    const answer = (await table.documents.send(command as never)) as Output
    count.requests++
    const batches = Object.values(answer.Responses ?? {})
    count.items += answer.ScannedCount ?? (answer.Item ? 1 : batches.reduce((sum, { length }) => sum + length, 0))
    const units = [answer.ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)
    if (/^(Get|Query|BatchGet|Scan)/.test(command.constructor.name)) count.readUnits += units
    else count.writeUnits += units
    return answer
  }
  const documents = new Proxy(table.documents, {
    get: (target, name) => (name === 'send' ? send : Reflect.get(target, name)),
  })
  return { table: { ...table, documents }, count }
}
