import { Failure } from '../../../../shared/failure.ts'
import type { Inventory } from '../inventory.ts'
import type { Server } from './server.ts'

/** A proxy may lead each connection to another server: one moment of two servers there is not, and half a restore on each helps nobody. */
export async function requireSameServer(server: Server, inventory: Inventory): Promise<void> {
  const row = await server.one('SELECT @@server_id server_id, @@hostname hostname, @@port port')
  if (row?.server_id === inventory.serverId && row.hostname === inventory.hostname && row.port === inventory.port)
    return
  throw new Failure('mysql-several-servers', 'The address leads to more than one MySQL server', {
    why: `one connection reached ${inventory.hostname}:${inventory.port}, another ${row?.hostname}:${row?.port}`,
    fix: 'Name one server instead of the proxy or balancer in front of several',
  })
}
