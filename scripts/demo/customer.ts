import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Database } from '../../test/support/database.ts'

/** A customer's server: the one file, its configuration, and the account it backs up with. The recovery kit lies elsewhere. */
export interface Customer {
  directory: string
  config: string
  kit: string
  /** Runs the binary with `--json`; resolves to its summary. Each event goes to `onEvent`. @throws with its error line if it fails */
  failsafe<T>(summary: z.ZodType<T>, args: string[], onEvent?: (event: Event) => void): Promise<T>
}

/** One line of `--json`, as far as the demo reads it. */
const Event = z.looseObject({
  type: z.string(),
  step: z.number().optional(),
  text: z.string().optional(),
  message: z.string().optional(),
  why: z.string().optional(),
  fix: z.string().optional(),
})
export type Event = z.infer<typeof Event>

/** The rights that docs/engines/mysql.md asks for, and no more. */
const rights = 'SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, PROCESS, BINLOG MONITOR'

/** @param maxBytes of staging; the program's own default if not given */
export async function setUpCustomer(
  directory: string,
  binary: string,
  server: Database,
  { maxBytes }: { maxBytes?: string } = { maxBytes: '256MiB' },
): Promise<Customer> {
  const password = randomBytes(18).toString('base64url')
  await server.execute(
    `CREATE USER 'backup'@'127.0.0.1' IDENTIFIED BY '${password}'`,
    `GRANT ${rights} ON *.* TO 'backup'@'127.0.0.1'`,
  )
  const entry = (passwordFile: string) => [
    'engine: mysql',
    `connection: { host: 127.0.0.1, port: ${server.port}, user: backup, passwordFile: ${passwordFile} }`,
  ]
  return setUpHost(directory, binary, { entry, password, ...(maxBytes !== undefined && { maxBytes }) })
}

/** The same around any application. @param source lines of its entry `shop` in failsafe.yaml, by the file that its password lies in */
export async function setUpHost(
  directory: string,
  binary: string,
  source: { entry: (passwordFile: string) => string[]; password: string; maxBytes?: string },
): Promise<Customer> {
  const { entry, password, maxBytes } = source
  const config = join(directory, 'failsafe.yaml')
  const passwordFile = join(directory, 'backup.pw')
  const kit = join(directory, 'safe', 'recovery-kit.txt')
  await mkdir(join(directory, 'safe'), { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  const lines = [
    `state: { dir: ${join(directory, 'state')} }`,
    `staging: { dir: ${join(directory, 'staging')}${maxBytes === undefined ? '' : `, maxBytes: ${maxBytes}`} }`,
    'sources:',
    '  shop:',
    ...entry(passwordFile).map(line => `    ${line}`),
    '',
  ]
  await writeFile(config, lines.join('\n'), { mode: 0o600 })
  const common = ['--config', config, '--json']
  return {
    directory,
    config,
    kit,
    failsafe: async (summary, args, onEvent) => summary.parse(await runJson(binary, [...args, ...common], onEvent)),
  }
}

function runJson(program: string, args: string[], onEvent: (event: Event) => void = () => {}): Promise<Event> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let last: Event = { type: 'nothing' }
  let talk = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    talk += text
  })
  const lines = createInterface({ input: child.stdout }).on('line', line => {
    last = Event.parse(JSON.parse(line))
    onEvent(last)
  })
  const read = new Promise<void>(resolve => lines.once('close', resolve))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', async (code, signal) => {
      await read
      // 3 is "done with warnings": the summary has them.
      if ((code === 0 || code === 3) && last.type === 'summary') return resolve(last)
      const said = last.type === 'error' ? [last.message, last.why, last.fix].filter(Boolean).join(': ') : talk.trim()
      reject(new Error(`failsafe ${args[0]} ended with ${code ?? signal}: ${said}`))
    })
  })
}
