import { networkInterfaces } from 'node:os'
import type { Detected, Detector } from '../../detector.ts'
import { isLocal } from '../connection/login.ts'
import { Settings } from '../settings.ts'
import { planAccount, statementsFor } from './account.ts'
import { parseAddress } from './address.ts'
import { listInstances } from './browser.ts'
import { likelyPlaces, loopback, usualPort } from './places.ts'
import { askPrelogin, type Prelogin } from './prelogin.ts'

/** SQL Servers that listen on this machine. */
export const sqlserverDetector: Detector = {
  engine: 'sqlserver',
  what: 'SQL Server',

  async detect(signal) {
    const found: Detected[] = []
    for (const { port, instance } of await likelyPlaces(signal)) {
      const prelogin = await askPrelogin(loopback, port, signal)
      if (prelogin) found.push(describe(prelogin, { host: loopback, port, instance }))
    }
    return found
  },

  async detectAt(text, signal) {
    const address = parseAddress(text)
    if (!address) return undefined
    const { host, instance } = address
    const port = address.port ?? (instance === undefined ? usualPort : await portOf(host, instance, signal))
    const prelogin = port === undefined ? undefined : await askPrelogin(host, port, signal)
    return prelogin && describe(prelogin, { host, port: port!, instance })
  },

  async isConfigured({ connection }, settings, signal) {
    const parsed = Settings.safeParse(settings)
    if (!parsed.success) return false // the doctor says what is wrong with it
    const configured = parsed.data.connection
    const host = String(connection.host)
    if (configured.host !== host && !(isOwn(configured.host) && isOwn(host))) return false
    return (await portIn(configured, signal)) === (await portIn(connection, signal))
  },

  accounts: {
    administrator: 'sa',
    statements: (_, user) => statementsFor(user),
    plan: ({ connection }, administrator, user, signal) => planAccount(connection, administrator, user, signal),
  },
}

interface Where {
  host: string
  port: number
  instance: string | undefined
}

function describe({ version }: Prelogin, { host, port, instance }: Where): Detected {
  const where = instance === undefined ? `${host}:${port}` : `${host}\\${instance}`
  return {
    engine: 'sqlserver',
    what: `${releaseOf(version)} at ${where}`,
    name: instance === undefined ? 'sqlserver' : instance.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '-'),
    // An instance that SQL Server Browser names may have another port after the next start.
    connection: { host, ...(instance === undefined ? { port } : { instance }) },
    settings: { directory: usualDirectory(process.platform) },
  }
}

/** By the first number of the version. */
const years: Record<string, number> = { 11: 2012, 12: 2014, 13: 2016, 14: 2017, 15: 2019, 16: 2022, 17: 2025 }

function releaseOf(version: string): string {
  const year = years[version.split('.')[0]!]
  return year === undefined ? `SQL Server ${version}` : `SQL Server ${year} (${version})`
}

/** Where the server and the agent may both be let in; the doctor says how. */
export function usualDirectory(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'C:\\ProgramData\\FailSafe\\sqlserver' : '/var/opt/mssql/failsafe'
}

async function portIn(
  {
    host,
    port,
    instance,
  }: { host?: string | number; port?: string | number | undefined; instance?: string | number | undefined },
  signal: AbortSignal,
): Promise<number | undefined> {
  if (instance !== undefined) return portOf(String(host), String(instance), signal)
  return port === undefined ? usualPort : Number(port)
}

async function portOf(host: string, instance: string, signal: AbortSignal): Promise<number | undefined> {
  const instances = await listInstances(host, signal)
  return instances.find(({ name }) => name.toUpperCase() === instance.toUpperCase())?.port
}

/** An address of this machine. */
function isOwn(host: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
  return isLocal(host) || own.some(({ address }) => address === host)
}
