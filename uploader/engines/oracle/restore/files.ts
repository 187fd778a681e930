import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RestoreInput } from '../../engine.ts'
import { Description } from '../backup/description.ts'
import { safeName } from '../files/server-path.ts'
import { isBefore } from '../position.ts'
import type { Until } from './until.ts'

/** What is restored, with names relative to the directory that the files were laid out in. */
export interface RestoreFiles {
  /** As it was when the control file was copied. */
  description: Description
  controlFile: string
  /** Undefined where it could not be backed up. */
  parameters: string | undefined
  /** `path`: where the server had it. `name`: the copy, or what RMAN is to make of its pieces. */
  dataFiles: { number: number; path: string; name: string }[]
  /** Folder of the pieces that RMAN wrote; undefined where the data files themselves were copied. */
  pieces: string | undefined
  /** Made since the full: they come from the redo. */
  created: { number: number; path: string; name: string }[]
  logs: string[]
}

type File = RestoreInput['files'][number]

/** @returns what is missing, in words, where not everything was chosen that a database is made of */
export async function filesOf(input: RestoreInput, until: Until): Promise<RestoreFiles | string[]> {
  const { files, directory } = input
  const sets = await setsOf(files, directory)
  const pieces = files.find(({ attributes }) => attributes.piece !== undefined)
  const logs = files.filter(({ attributes }) => attributes.sequence !== undefined).map(({ name }) => name)
  if (pieces) {
    const folder = pieces.name.slice(0, pieces.name.lastIndexOf('/'))
    const full = sets.find(each => `${each.folder}rman` === folder)
    return full ? fromPieces(full, sets, { folder, logs, until }) : ['control.ctl and database.json of the full backup']
  }
  const copies = files.flatMap(({ name, attributes }) =>
    attributes.file === undefined ? [] : [{ number: Number(attributes.file), path: attributes.path!, name }],
  )
  const full = sets.find(({ folder }) => copies.some(({ name }) => name.startsWith(`${folder}datafiles/`)))
  if (!full) return ['control.ctl and database.json of the full backup']
  const missing = full.description.dataFiles.filter(({ number, creationScn }) => {
    const copied = copies.some(copy => copy.number === number)
    return !copied && !isMadeSince(creationScn, input)
  })
  if (missing.length > 0) return missing.map(({ path }) => path)
  // The newest that knows of no data file which is not there at that moment.
  const fits = ({ description }: Set) =>
    description.dataFiles.every(file => copies.some(({ number }) => number === file.number) || isThere(file, until))
  const set = sets.findLast(fits) ?? full
  const created = set.description.dataFiles.flatMap(({ number, path }) =>
    copies.some(copy => copy.number === number)
      ? []
      : [{ number, path, name: `datafiles/${String(number).padStart(4, '0')}-created.dbf` }],
  )
  const known = new Map(set.description.dataFiles.map(({ number, path }) => [number, path]))
  return {
    description: set.description,
    controlFile: set.controlFile,
    parameters: set.parameters,
    // One that was renamed since is called in that control file as it is called there; one that was dropped is not in it.
    dataFiles: copies.flatMap(copy => {
      const path = known.get(copy.number)
      return path === undefined ? [] : [{ ...copy, path }]
    }),
    pieces: undefined,
    created,
    logs,
  }
}

/** RMAN makes the data files, also those that came since. */
function fromPieces(
  full: Set,
  sets: readonly Set[],
  { folder, logs, until }: { folder: string; logs: string[]; until: Until },
): RestoreFiles {
  const held = new globalThis.Set(full.description.dataFiles.map(({ number }) => number))
  const set =
    sets.findLast(({ description }) =>
      description.dataFiles.every(file => held.has(file.number) || isThere(file, until)),
    ) ?? full
  const { description, controlFile, parameters } = set
  return {
    description,
    controlFile,
    parameters,
    dataFiles: description.dataFiles.map(({ number, path }) => ({
      number,
      path,
      name: `datafiles/${named(number, path)}`,
    })),
    pieces: folder,
    created: [],
    logs,
  }
}

const named = (number: number, path: string) => `${String(number).padStart(4, '0')}-${safeName(path)}`

interface Set {
  /** Empty, or with a `/` at its end. */
  folder: string
  description: Description
  controlFile: string
  parameters: string | undefined
}

/** Control files with what belongs to them, oldest first. */
async function setsOf(files: readonly File[], directory: string): Promise<Set[]> {
  const names = new globalThis.Set(files.map(({ name }) => name))
  const sets: Set[] = []
  for (const { name } of files) {
    const folder = /^(.*\/)?control\.ctl$/.exec(name) ? name.slice(0, -'control.ctl'.length) : undefined
    if (folder === undefined || !names.has(`${folder}database.json`)) continue
    const parameters = `${folder}init.ora`
    sets.push({
      folder,
      controlFile: name,
      parameters: names.has(parameters) ? parameters : undefined,
      description: Description.parse(JSON.parse(await readFile(join(directory, `${folder}database.json`), 'utf8'))),
    })
  }
  return sets
}

/** Whether a data file was there before the moment. */
function isThere({ creationScn, creationTime }: Description['dataFiles'][number], until: Until): boolean {
  if ('closed' in until) return true
  return 'scn' in until ? isBefore(creationScn, until.scn) : creationTime < until.clock
}

/** Since backup mode began, so that no copy of it was made. */
function isMadeSince(creationScn: string, { snapshots }: RestoreInput): boolean {
  const full = snapshots.findLast(({ kind }) => kind === 'full')
  return isBefore(full?.units[0]?.info?.beginScn ?? '0', creationScn)
}
