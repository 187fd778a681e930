import { chmod, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { RestoreContext } from '../../engine.ts'
import { text, textOrNull } from '../../row.ts'
import { pathsIn } from '../backup/exchange.ts'
import { explain } from '../connection/errors.ts'
import { Server } from '../connection/server.ts'
import { systemDatabases } from '../inventory.ts'
import { fileList } from '../statements/backup.ts'
import {
  alone,
  defaultPaths,
  letIn,
  recover,
  restoreData,
  restoreLog,
  stateOf,
  type UserAccess,
} from '../statements/restore.ts'
import { accessOf, giveBack, program } from './access.ts'
import type { Chain, DatabaseFile, Step } from './chain.ts'
import { explainRestore } from './explain.ts'
import { newFiles } from './new-files.ts'
import { type Place, pathFor } from './place.ts'
import type { Target } from './target.ts'

/** Restores every database but the server's own, one after the other. Looks at all of them before the first is touched. Returns what was done, in words. */
export async function apply(
  target: Target,
  directory: string,
  chains: readonly Chain[],
  context: Pick<RestoreContext, 'signal' | 'progress' | 'warn'>,
): Promise<string[]> {
  const { signal, progress, warn } = context
  const own = chains.filter(({ database }) => !systemDatabases.includes(database))
  const server = await Server.connect(target.login, program, signal)
  try {
    const place = await placeOf(server, target)
    const replaced = new Map<string, Replaced>()
    for (const { database } of own) {
      const found = await existing(server, `${database}${target.suffix}`, target)
      if (found) replaced.set(database, found)
    }
    const total = own.flatMap(({ steps }) => steps).reduce((sum, { size }) => sum + size, 0)
    let done = 0
    for (const chain of own) {
      const name = `${chain.database}${target.suffix}`
      await restoreOne(
        server,
        { chain, name, target, directory, place, replaced: replaced.get(chain.database), signal, warn },
        size => {
          done += size
          progress(done, total)
        },
      )
    }
    return notes(own, chains, target)
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error)
  } finally {
    await server.end()
  }
}

/** A database that is there, and who may be in it, as far as anybody is to be kept out. */
interface Replaced {
  access: UserAccess | undefined
}

interface One {
  chain: Chain
  /** Of the database that it becomes. */
  name: string
  target: Target
  directory: string
  place: Place
  replaced: Replaced | undefined
  signal: AbortSignal
  warn: RestoreContext['warn']
}

async function restoreOne(server: Server, one: One, onStep: (size: number) => void): Promise<void> {
  const { chain, name, replaced, place, signal } = one
  let before: DatabaseFile[] | undefined
  let keptOut: UserAccess | undefined
  try {
    for (const step of chain.steps) {
      await handedOver(one, step.names, async disks => {
        await requireSameFiles(server, disks, step, signal)
        // Not before the server has read of the first file what it is.
        if (before === undefined && replaced?.access) {
          keptOut = replaced.access
          await server.query(alone(name), { signal })
        }
        const moves = newFiles(step.files, before, step.entry.kind).map(each => ({
          logical: each.logical,
          to: pathFor(place, name, each),
        }))
        const of = { database: name, disks, moves }
        const statement =
          step.entry.kind === 'log'
            ? restoreLog(of, chain.stopAt)
            : restoreData(of, replaced !== undefined && before === undefined)
        await server.query(statement, { signal })
      })
      before = step.files
      onStep(step.size)
    }
    await server.query(recover(name), { signal })
  } catch (error) {
    if (keptOut) await open(one, keptOut)
    signal.throwIfAborted()
    throw explainRestore(error, name)
  }
}

/** What the restore has failed with is said all the same. */
async function open({ target, name, warn }: One, access: UserAccess): Promise<void> {
  try {
    await giveBack(target.login, name, access)
  } catch (error) {
    warn(
      'database-kept-out',
      `whether anybody can use ${name} is not known (${messageOf(error)}); if it is ONLINE, run: ${letIn(name, access).text}`,
    )
  }
}

/** Where the server finds the files: in the folder of the restore, or as copies in a directory that both reach, which are removed again. */
async function handedOver(
  { target, directory }: One,
  names: readonly string[],
  use: (disks: string[]) => Promise<void>,
): Promise<void> {
  if (target.directory === undefined) {
    await use(names.map(name => pathsIn({ directory, directoryOnServer: target.directoryOnServer }, name).onServer))
    return
  }
  const shared = { directory: target.directory, directoryOnServer: target.directoryOnServer }
  const copies = names.map(name => ({ name, ...pathsIn(shared, `failsafe-restore-${name.split('/').at(-1)}`) }))
  try {
    for (const { name, local } of copies) {
      await copyFile(join(directory, name), local)
      // The server runs as another account.
      await chmod(local, 0o644)
    }
    await use(copies.map(({ onServer }) => onServer))
  } finally {
    for (const { local } of copies) await rm(local, { force: true })
  }
}

async function placeOf(server: Server, { data, log }: Target): Promise<Place> {
  const row = await server.one(defaultPaths)
  const [dataPath, logPath] = [data ?? textOrNull(row, 'data_path'), log ?? textOrNull(row, 'log_path')]
  if (!dataPath || !logPath)
    throw new Failure('restore-target', 'The server does not say where it puts the files of new databases', {
      fix: 'Name the directories with ?data=DIR&log=DIR at the target',
    })
  return { data: dataPath, log: logPath, separator: dataPath.includes('\\') ? '\\' : '/', taken: new Set() }
}

/** @throws Failure `restore-database-exists` unless it may be replaced */
async function existing(server: Server, name: string, { overwrite }: Target): Promise<Replaced | undefined> {
  const [row] = await server.query(stateOf(name))
  if (!row) return undefined
  if (overwrite) return { access: accessOf(row) }
  throw new Failure('restore-database-exists', `There is a database ${name} on the target`, {
    why: 'nothing is replaced without being told',
    fix: 'Add ?suffix=_restored to the target for another name; or save the tail of its log first (RESTORE.md) and add ?overwrite=yes',
  })
}

/** What the server reads in the files must be what it was when it was backed up, or MOVE would name the wrong files. */
async function requireSameFiles(
  server: Server,
  disks: readonly string[],
  { names, files }: Step,
  signal: AbortSignal,
): Promise<void> {
  const rows = await server.query(fileList(disks), { signal })
  const found = rows.map(row => text(row, 'LogicalName')).sort()
  const known = files.map(({ logical }) => logical).sort()
  if (found.join('\n') === known.join('\n')) return
  throw new Failure(
    'restore-files-differ',
    `${names.join(', ')} holds other database files than it did when it was backed up`,
    {
      why: `the server reads ${found.join(', ')}, and the backup noted ${known.join(', ')}`,
      fix: 'Restore it to an empty folder once more',
    },
  )
}

function notes(own: readonly Chain[], all: readonly Chain[], { suffix }: Target): string[] {
  const system = all.filter(chain => !own.includes(chain)).map(({ database }) => database)
  return [
    ...own.map(
      ({ database, steps, reached }) => `${database}${suffix}: ${steps.length} files, as it was at ${reached}`,
    ),
    ...(system.length === 0 ? [] : [`${system.join(', ')} were not restored: RESTORE.md says how that is done`]),
    'to be sure: DBCC CHECKDB of each database',
  ]
}
