import { WindowsServer } from '../../doubles/windows/server.ts'
import type { World, WorldDatabase } from '../../doubles/windows/world.ts'
import { BackupChain } from './chain.ts'

export interface Started {
  server: WindowsServer
  /** Of its backups. */
  chain: BackupChain
  /** Both are gone then. */
  stop(): Promise<void>
}

/** A server with the database Sales, which has some mail in it and in its closed logs. */
export async function start({
  world,
  sales = {},
  settings = {},
}: {
  world?: (world: World) => void
  sales?: Partial<WorldDatabase>
  settings?: Parameters<typeof BackupChain.of>[1]
} = {}): Promise<Started> {
  const server = new WindowsServer(world)
  server.addDatabase('Sales', sales)
  server.write('Sales', { anna: 'hello' }, { logs: 3 })
  server.write('Sales', { bert: 'not in the database file yet' }, { logs: 1 })
  const chain = await BackupChain.of(server, settings)
  const stop = async () => {
    await chain[Symbol.asyncDispose]()
    server[Symbol.dispose]()
  }
  return { server, chain, stop }
}
