import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext, RestoreInput } from '../../engine.ts'
import { prepareReading } from '../connection/prepare.ts'
import { requireSameServer } from '../connection/same-server.ts'
import { type Login, Server } from '../connection/server.ts'
import { restoreStages, type Stage } from '../dump/order.ts'
import { inspectServer } from '../inspect.ts'
import { checkTarget } from './check-target.ts'
import type { LaidOut } from './files.ts'
import { fillingsOf } from './filling.ts'
import { Loader } from './load.ts'

/** Stages whose files hold global things, or change the collation of their database for a while, which several files may be of. */
const oneByOne: Stage[] = ['accounts', 'server', 'databases', 'triggers', 'grants', 'events']

/**
 * Loads all files into the target, stage by stage, the files of a stage side by side. Returns what was loaded, in words.
 * @param schedulerStopped whether the target's scheduler is off for the time of the restore only
 */
export async function apply(
  login: Login,
  input: RestoreInput,
  files: LaidOut[],
  context: RestoreContext,
  schedulerStopped = false,
): Promise<string[]> {
  const { signal, concurrency, warn, progress } = context
  const servers: Server[] = []
  const destroy = () => {
    for (const server of servers) server.destroy()
  }
  signal.addEventListener('abort', destroy, { once: true })
  try {
    const first = await Server.connect(login, signal)
    servers.push(first)
    const target = await inspectServer(first)
    for (let n = 1; n < concurrency; n++) {
      const server = await Server.connect(login, signal)
      servers.push(server)
      await requireSameServer(server, target)
    }
    await checkTarget(first, target, input, files, warn)
    for (const server of servers) await prepareReading(server, target.flavour)
    const total = files.reduce((sum, { size }) => sum + size, 0)
    let done = 0
    const fillings = fillingsOf(files, warn)
    const loads = servers.map(server => {
      const loader = new Loader(server, warn, bytes => {
        done += bytes
        progress(done, total)
      })
      return async (file: LaidOut, stop: () => boolean) => {
        const filling = fillings.get(file)
        await filling?.begin(server)
        await loader.load(file, stop)
        if (!stop()) await filling?.end(server)
      }
    })
    for (const stage of restoreStages) {
      const ofStage = files.filter(file => file.stage === stage)
      await loadAll(ofStage, oneByOne.includes(stage) ? loads.slice(0, 1) : loads)
    }
    return [...summary(files), ...(schedulerStopped ? [] : await noteOfScheduler(first, files))]
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', destroy)
    await Promise.all(servers.map(server => server.end()))
  }
}

/** After the first failure nothing new is begun, and nothing is left running when it is thrown. */
async function loadAll(
  files: LaidOut[],
  loads: ((file: LaidOut, stop: () => boolean) => Promise<void>)[],
): Promise<void> {
  const waiting = [...files]
  let failure: { error: unknown } | undefined
  await Promise.all(
    loads.map(async load => {
      for (let file = waiting.shift(); file && !failure; file = waiting.shift()) {
        try {
          await load(file, () => failure !== undefined)
        } catch (error) {
          failure ??= { error }
        }
      }
    }),
  )
  if (failure) throw failure.error
}

function summary(files: LaidOut[]): string[] {
  const count = (stage: Stage) => files.filter(file => file.stage === stage).length
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  return [
    `${count('databases')} databases, ${count('tables')} tables, ${rows} rows`,
    ...(count('accounts') > 0 ? ['accounts and grants; accounts that the target had already stay as they were'] : []),
  ]
}

/** Events that are loaded run only where the scheduler does. */
async function noteOfScheduler(server: Server, files: LaidOut[]): Promise<string[]> {
  if (!files.some(({ stage }) => stage === 'events')) return []
  const row = await server.one('SELECT @@global.event_scheduler AS state')
  if (row?.state === 'ON') return []
  return [
    'events are loaded, but the target runs none until SET GLOBAL event_scheduler = ON (and in its configuration)',
  ]
}

/** @throws Failure for a restore that would load nothing */
export function requireFiles(files: LaidOut[]): void {
  if (files.length === 0)
    throw new Failure('restore-empty', 'There is nothing to load', { fix: 'Choose other files with --only' })
}
