import { readdir, readFile } from 'node:fs/promises'
import { type Instance, listInstances } from './browser.ts'

/** Where a server may listen on this machine. */
export interface Place {
  port: number
  /** Its name, where SQL Server Browser tells it and it is not the default instance. */
  instance: string | undefined
}

export const usualPort = 1433
export const loopback = '127.0.0.1'
/** What the default instance is called. */
const defaultInstance = 'MSSQLSERVER'

/** Each port once: those that SQL Server Browser names first, because they may change. */
export async function likelyPlaces(signal: AbortSignal): Promise<Place[]> {
  const instances = await listInstances(loopback, signal)
  const told = [usualPort, ...(await configuredPorts()), ...(await processPorts())]
  const places = [...instances.flatMap(placeOf), ...told.map(port => ({ port, instance: undefined }))]
  return places.filter(({ port }, i) => places.findIndex(other => other.port === port) === i)
}

export function placeOf({ name, port }: Instance): Place[] {
  if (port === undefined) return []
  return [{ port, instance: name.toUpperCase() === defaultInstance ? undefined : name }]
}

async function configuredPorts(): Promise<number[]> {
  // What is not there, or not for us to read, tells nothing.
  return portsIn(await readFile('/var/opt/mssql/mssql.conf', 'utf8').catch(() => ''))
}

/** `tcpport` of the group `network`. */
export function portsIn(text: string): number[] {
  const [, network = ''] = /^\s*\[network\]\s*$([^[]*)/im.exec(text) ?? []
  const [, port] = /^\s*tcpport\s*=\s*(\d{1,5})\s*$/im.exec(network) ?? []
  return port === undefined ? [] : [Number(port)]
}

/** What the servers that run now were told in their environment, as containers are. There is no /proc but on Linux, and only root reads it of others. */
async function processPorts(): Promise<number[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  const ports: number[] = []
  for (const id of ids) {
    // A process may end while we look.
    const [program] = (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).split('\0')
    if (!/(?:^|\/)sqlservr$/.test(program!)) continue
    const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
    const [, port] = /(?:^|\0)MSSQL_TCP_PORT=(\d{1,5})(?:\0|$)/.exec(environment) ?? []
    if (port !== undefined) ports.push(Number(port))
  }
  return ports
}
