import type { Ports } from '../http/ports.ts'
import type { RebuildVault } from '../rebuild/ports.ts'

export interface AdminPorts extends Ports {
  vault: RebuildVault
}
