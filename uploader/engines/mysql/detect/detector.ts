import type { Detected, Detector } from '../../detector.ts'
import { releaseOf } from '../release.ts'
import { Settings } from '../settings.ts'
import type { Address } from '../wire/socket.ts'
import { planAccount, statementsFor } from './account.ts'
import { type Greeting, greet, isSameServer } from './greet.ts'
import { likelyAddresses } from './places.ts'

/** MySQL and MariaDB servers that listen on this machine. */
export const mysqlDetector: Detector = {
  engine: 'mysql',
  what: 'MySQL or MariaDB server',

  async detect(signal) {
    const found: { address: Address; greeting: Greeting }[] = []
    for (const address of await likelyAddresses()) {
      const greeting = await greet(address, signal)
      if (greeting && !(await isAmong(found, address, signal))) found.push({ address, greeting })
    }
    return found.map(({ address, greeting }) => describe(address, greeting))
  },

  async detectAt(text, signal) {
    const address = parseAddress(text)
    const greeting = address && (await greet(address, signal))
    return greeting && describe(address, greeting)
  },

  async isConfigured({ connection }, settings, signal) {
    const parsed = Settings.safeParse(settings)
    if (!parsed.success) return false // the doctor says what is wrong with it
    const { socketPath, host, port } = parsed.data.connection
    return isSameServer(addressOf(connection), socketPath ? { path: socketPath } : { host, port }, signal)
  },

  accounts: {
    administrator: 'root',

    statements(detected, user) {
      const { flavour, release } = serverOf(detected)
      return statementsFor({ flavour, release, logBase: 'binlog' }, { user, host: 'localhost' })
    },

    plan: ({ connection }, administrator, user, signal) =>
      planAccount(addressOf(connection), administrator, user, signal),
  },
}

async function isAmong(found: readonly { address: Address }[], address: Address, signal: AbortSignal) {
  for (const known of found) if (await isSameServer(known.address, address, signal)) return true
  return false
}

function describe(address: Address, { version }: Greeting): Detected {
  const isMariadb = /mariadb/i.test(version)
  const [number] = /^[\d.]+/.exec(version)!
  const where = 'path' in address ? address.path : `${address.host}:${address.port}`
  return {
    engine: 'mysql',
    what: `${isMariadb ? 'MariaDB' : 'MySQL'} ${number} at ${where}`,
    name: isMariadb ? 'mariadb' : 'mysql',
    connection: 'path' in address ? { socketPath: address.path } : { ...address },
  }
}

function serverOf({ what }: Detected) {
  const [product, number] = what.split(' ')
  return { flavour: product === 'MariaDB' ? 'mariadb' : 'mysql', release: releaseOf(number!) } as const
}

function addressOf({ socketPath, host, port }: Detected['connection']): Address {
  return socketPath === undefined ? { host: String(host), port: Number(port) } : { path: String(socketPath) }
}

/** `/run/mysqld/mysqld.sock`, `db.example.net:3306`, `[::1]:3306`, `127.0.0.1`; undefined for what is none */
function parseAddress(text: string): Address | undefined {
  if (text.startsWith('/')) return { path: text }
  const [whole, host, port = '3306'] = /^\[?([^\]\\]*?)\]?(?::(\d{1,5}))?$/.exec(text) ?? []
  if (whole === undefined || Number(port) > 65_535) return undefined
  return { host: host || '127.0.0.1', port: Number(port) }
}
