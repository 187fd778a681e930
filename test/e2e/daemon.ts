import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { lastJson } from '../support/run.ts'
import { failsafeBinary } from './binary.ts'
import type { Customer } from './customer.ts'

export interface RunningDaemon {
  pid: number
  /** What it has said so far. */
  said(): string
  /** Entries of its log, over all files. */
  log(): Promise<Record<string, any>[]>
  /** Waits until the log has so many entries whose message fits. */
  logged(message: RegExp, count?: number, seconds?: number): Promise<Record<string, any>[]>
  signal(signal: NodeJS.Signals): void
  /** Its exit code. */
  ended(): Promise<number | null>
  /** By SIGTERM, unless it is another. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** `failsafe run` of the built binary, as a service manager starts it. */
export async function startDaemon(
  customer: Customer,
  env: Record<string, string> = {},
  parameters: string[] = [],
): Promise<RunningDaemon> {
  const child = spawn(failsafeBinary, ['run', '--config', customer.configFile, ...parameters], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      said += text
    })
  const closed = once(child, 'close') as Promise<[number | null]>
  const ended = async () => (await closed)[0]
  const log = () => logOf(customer)
  return {
    pid: child.pid!,
    said: () => said,
    log,
    signal: signal => void child.kill(signal),
    async logged(message, count = 1, seconds = 60) {
      const until = performance.now() + seconds * 1000
      for (;;) {
        const found = (await log()).filter(entry => message.test(entry.message))
        if (found.length >= count) return found
        if (performance.now() > until || child.exitCode !== null)
          throw new Error(`${message} was not logged ${count} times:\n${said}\n${JSON.stringify(await log(), null, 1)}`)
        await delay(100)
      }
    },
    ended,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended()
    },
  }
}

async function logOf(customer: Customer): Promise<Record<string, any>[]> {
  const directory = join(customer.state, 'log')
  const names = (await readdir(directory).catch(() => [])).sort().reverse()
  const texts = await Promise.all(names.map(name => readFile(join(directory, name), 'utf8')))
  return texts
    .join('')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
}

/** Has the daemon believe that it served every kind last at this moment. */
export async function rememberServed(customer: Customer, kinds: string[], served: Date): Promise<void> {
  const entries = kinds.map(kind => [kind, { served: served.toISOString(), failures: 0 }])
  const memory = { format: 'failsafe.schedule/1', sources: { shop: { kinds: Object.fromEntries(entries) } } }
  await writeFile(join(customer.state, 'schedule.json'), JSON.stringify(memory))
}

export async function statusOf(customer: Customer): Promise<Record<string, any>> {
  return lastJson(await customer.failsafe(['status', '--json']))
}

export async function snapshotsOf(customer: Customer): Promise<{ snapshot: string; kind: string }[]> {
  return lastJson(await customer.failsafe(['list', 'shop', '--json'])).snapshots
}

/** Changes the configuration as an editor does, with new content in the same file. */
export async function editConfig(customer: Customer, edit: (text: string) => string): Promise<void> {
  await writeFile(customer.configFile, edit(await readFile(customer.configFile, 'utf8')))
}
