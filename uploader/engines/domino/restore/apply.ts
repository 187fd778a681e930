import { chown, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import type { RestoreContext } from '../../engine.ts'
import { CallFailed } from '../helper/call-failed.ts'
import type { Helper, HelperOptions } from '../helper/helper.ts'
import { withNotes } from '../helper/with-notes.ts'
import { status } from '../notes/status.ts'
import { type Instance, readInstance } from '../place/instance.ts'
import { parseNotesIni, textOf } from '../place/notes-ini.ts'
import type { Contents, Database, LogExtent } from './contents.ts'
import { explainRestore, isRefused } from './explain.ts'
import { type Owner, ownerOf, placeFile, sizeOf } from './place-files.ts'
import { isBelow, makeFolders, type Placed, placesOf } from './places.ts'
import type { Target } from './target.ts'

/**
 * Puts databases into a server on this machine, one after the other, and has Domino roll each forward by the log:
 *
 *   objects ─▶ for each: offline ─▶ old one aside ─▶ backup into its place ─▶ recover ─▶ online
 *                                                        └── fails ─▶ the old one comes back ─▶ online
 *
 * A database that Domino refuses is named, and the others go on.
 * @returns what was done, in words
 * @throws Failure `restore-database` where it was not done of one of them
 */
export async function apply(
  target: Target,
  directory: string,
  contents: Contents,
  context: Pick<RestoreContext, 'signal' | 'progress' | 'warn' | 'now'>,
  options: HelperOptions,
): Promise<string[]> {
  const { signal } = context
  const instance = await readInstance({ ini: target.ini, program: target.program })
  const owner = await ownerOf(instance.data)
  const { objects, extents, removed } = contents
  const { placed, elsewhere } = await placesOf(contents.databases, instance, signal)
  await requireFree(placed, target)
  const unmade = await makeFolders(placed, owner)
  for (const { database, why } of [...elsewhere, ...unmade])
    context.warn(
      'database-elsewhere',
      `${database.path} lies outside of the data directory and was not put back: ${why}. Put its link back and restore it by --only, or copy ${database.file} there`,
    )
  const databases = placed.filter(one => !unmade.some(({ database }) => database === one))
  const missing = await placeObjects(objects, directory, instance, owner, signal)
  const lost = await isLost(instance)
  if (lost) await placeLog(extents, directory, lost, owner)
  const readable = await readableExtents(extents, directory, instance, owner)
  try {
    return await withNotes(instance, target, signal, options, async helper => {
      const total = databases.reduce((sum, { size }) => sum + size, 0)
      let done = 0
      const restored: Database[] = []
      let refused: Failure | undefined
      for (const database of databases) {
        signal.throwIfAborted()
        try {
          await restoreOne(helper, database, { target, directory, owner, extents: readable.files, context })
          restored.push(database)
        } catch (error) {
          if (!isRefused(error)) throw error
          context.warn(error.code, error.line)
          refused ??= error
        }
        done += database.size
        context.progress(done, total)
      }
      if (refused && restored.length === 0) throw refused
      return notes({ databases: restored, removed, placed: missing, lost: lost !== undefined })
    })
  } finally {
    await readable.remove()
  }
}

interface One {
  target: Target
  directory: string
  owner: Owner | undefined
  extents: readonly LogExtent[]
  context: Pick<RestoreContext, 'warn' | 'now'>
}

async function restoreOne(helper: Helper, database: Placed, one: One): Promise<void> {
  const { target, directory, owner, context } = one
  const { place } = database
  const aside = `${place}.before-restore-${context
    .now()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')}`
  const exists = (await sizeOf(place)) !== undefined
  let moved = false
  try {
    if (exists) await helper.ask('take-offline', { path: database.path, wait: target.wait })
    try {
      if (exists) await rename(place, aside)
      moved = exists
      await placeFile(join(directory, database.file), place, owner)
      if (database.logged) await rollForward(helper, database, place, one)
    } catch (error) {
      // What was rolled forward half is of no use to anybody.
      await rm(place, { force: true })
      if (moved) await rename(aside, place)
      throw error
    } finally {
      if (exists) await helper.ask('bring-online', { path: database.path })
    }
  } catch (error) {
    throw explainRestore(error, database.path)
  }
  if (moved)
    context.warn('database-aside', `What ${database.path} was before lies in ${aside}; remove it when all is well`)
}

/** A copy that cannot be used any more once Domino has refused it is made once more, and tried once more. */
async function rollForward(helper: Helper, database: Database, place: string, one: One): Promise<void> {
  const { path, logId } = database
  const extents = Object.fromEntries(
    one.extents.filter(extent => extent.logId === logId).map(({ number, file }) => [String(number), file]),
  )
  try {
    await helper.ask('recover', { path, logId, extents })
  } catch (error) {
    if (!(error instanceof CallFailed) || error.status !== status.notABackup) throw error
    await placeFile(join(one.directory, database.file), place, one.owner)
    await helper.ask('recover', { path, logId, extents })
  }
}

/** Looks at all of them before the first is touched. @throws Failure `restore-database-exists` */
async function requireFree(databases: readonly Placed[], { overwrite }: Target): Promise<void> {
  if (overwrite) return
  for (const { place } of databases)
    if ((await sizeOf(place)) !== undefined)
      throw new Failure('restore-database-exists', `There is a database ${place} on the server`, {
        why: 'nothing is replaced without being told',
        fix: 'Add ?overwrite=yes to the target (what is there is kept beside it), or choose databases with --only',
      })
}

/** Objects are never changed: those that are there already are the same. @returns how many were put there */
async function placeObjects(
  objects: Contents['objects'],
  directory: string,
  { daos }: Instance,
  owner: Owner | undefined,
  signal: AbortSignal,
): Promise<number> {
  if (objects.length === 0) return 0
  if (daos === undefined)
    throw new Failure('restore-daos', 'The backup holds attachments (DAOS), and this server has no store for them', {
      why: 'DAOSEnable is not 1 in its notes.ini',
      fix: 'Enable DAOS as it was on the server that was backed up (RESTORE.md)',
    })
  let placed = 0
  for (const { path, file, size } of objects.filter(({ path }) => isBelow(path))) {
    signal.throwIfAborted()
    const place = join(daos, path)
    if ((await sizeOf(place)) === size) continue
    await placeFile(join(directory, file), place, owner)
    placed++
  }
  return placed
}

/** The log directory of a server that was lost: its notes.ini says that the log's control file is to be made anew, and there is none. */
async function isLost({ bytes, log }: Instance): Promise<string | undefined> {
  if (log === undefined || textOf(parseNotesIni(bytes), 'TRANSLOG_Recreate_Logctrl') !== '1') return undefined
  const names = await readdir(log).catch(() => [])
  return names.some(name => /^nlogctrl\.lfh$/i.test(name)) ? undefined : log
}

/** Under the names that Domino gives by itself: what counts is inside. */
async function placeLog(
  extents: readonly LogExtent[],
  directory: string,
  log: string,
  owner: Owner | undefined,
): Promise<void> {
  for (const { file, number } of extents)
    await placeFile(join(directory, file), join(log, `S${String(number).padStart(7, '0')}.TXN`), owner)
}

/** The helper fetches extents as the user of the server, who may not look into the folder of a restore. */
async function readableExtents(
  extents: readonly LogExtent[],
  directory: string,
  { data }: Instance,
  owner: Owner | undefined,
): Promise<{ files: LogExtent[]; remove(): Promise<void> }> {
  if (!owner || owner.uid === 0)
    return { files: extents.map(extent => ({ ...extent, file: join(directory, extent.file) })), remove: async () => {} }
  const folder = await mkdtemp(join(data, '..', 'failsafe-restore-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const files = extents.map(extent => ({ ...extent, file: join(folder, `${extent.logId}-${extent.number}`) }))
    for (const [i, { file }] of files.entries()) await placeFile(join(directory, extents[i]!.file), file, owner)
    await chown(folder, owner.uid, owner.gid)
    return { files, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

function notes({
  databases,
  removed,
  placed,
  lost,
}: {
  databases: readonly Database[]
  removed: readonly Database[]
  /** Objects of the attachment store. */
  placed: number
  lost: boolean
}): string[] {
  return [
    ...databases.map(({ path, logged }) =>
      logged ? `${path}: restored and rolled forward` : `${path}: as it was backed up; it is not logged`,
    ),
    ...removed.map(({ path }) => `${path}: not put back; it was not on the server any more`),
    ...(placed === 0 ? [] : [`${placed} objects of the attachment store were put back; then: tell daosmgr resync`]),
    ...(lost ? ['the transaction log was put back; start the server, and take a full backup at once'] : []),
    'databases have new identities in the log where Domino gave them such: the next log run takes these in full',
  ]
}
