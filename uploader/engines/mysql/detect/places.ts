import type { Address } from '../wire/socket.ts'
import { optionFilePlaces } from './option-files.ts'
import { processPlaces } from './processes.ts'

/** Where a server may listen. */
export interface Place {
  socket?: string
  port?: number
}

const usual: Place[] = [
  { socket: '/run/mysqld/mysqld.sock' },
  { socket: '/var/lib/mysql/mysql.sock' },
  { socket: '/tmp/mysql.sock' },
  { port: 3306 },
]

/** Every address worth a try, sockets first: they need no network and are no address that could lead elsewhere. */
export async function likelyAddresses(): Promise<Address[]> {
  const places = [...usual, ...(await processPlaces()), ...(await optionFilePlaces())]
  const sockets = new Set(places.flatMap(({ socket }) => socket ?? []))
  const ports = new Set(places.flatMap(({ port }) => port ?? []))
  return [
    ...[...sockets].filter(path => path.startsWith('/')).map(path => ({ path })),
    ...[...ports].map(port => ({ host: '127.0.0.1', port })),
  ]
}
