import type { Row } from '../connection/server.ts'
import { text, textOrNull } from '../definitions/text.ts'
import type { Inventory } from '../inventory.ts'
import { whenDenied } from '../wire/server-error.ts'
import type { Taking } from './moment.ts'

/**
 * Where a replica has got to in the logs of its own sources, one `host:port file:offset` for each, behind the channel's name where it has one:
 * `eu: db1:3306 binlog.000007:4711`. Looked up while commits are kept off. What several threads of a replica have carried out beyond that
 * place only GTIDs tell. Null for a server that is no replica, or where the account may not know.
 */
export async function replicationPlace({ control, inventory }: Taking): Promise<string | null> {
  const rows = (await control.query(replicaStatement(inventory)).catch(whenDenied)) ?? []
  const places = rows.map(placeIn).filter(place => place !== undefined)
  return places.length > 0 ? places.join(', ') : null
}

/** The statement by the name that the release knows it by; MariaDB lists all of its channels only when asked for all. */
export function replicaStatement({ flavour, release }: Pick<Inventory, 'flavour' | 'release'>): string {
  if (flavour === 'mariadb') return release >= 100_501 ? 'SHOW ALL REPLICAS STATUS' : 'SHOW ALL SLAVES STATUS'
  return release >= 80_022 ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS'
}

/** Undefined for a channel that has not read any log yet. */
function placeIn(row: Row): string | undefined {
  const either = (mysql: string, older: string) => textOrNull(row, mysql) ?? text(row, older)
  const file = either('Relay_Source_Log_File', 'Relay_Master_Log_File')
  if (file === '') return undefined
  const channel = textOrNull(row, 'Channel_Name') ?? textOrNull(row, 'Connection_name') ?? ''
  const source = `${either('Source_Host', 'Master_Host')}:${either('Source_Port', 'Master_Port')}`
  const place = `${source} ${file}:${either('Exec_Source_Log_Pos', 'Exec_Master_Log_Pos')}`
  return channel === '' ? place : `${channel}: ${place}`
}
