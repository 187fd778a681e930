import { randomBytes } from 'node:crypto'
import { openTable } from '../catalogue/table.ts'
import { Environment } from './environment.ts'
import { functionLog } from './function-log.ts'
import type { Ports } from './ports.ts'

/** The real ones, from the function's environment. */
export function realPorts(): Ports {
  const env = Environment.parse(process.env)
  return {
    catalogue: openTable(env.TABLE_NAME),
    clock: () => new Date(),
    random: bytes => randomBytes(bytes),
    env,
    log: functionLog(),
  }
}
