import { join } from 'node:path'
import { imageHash } from '../../doubles/notes/database.ts'
import type { NotesWorld, WorldOptions } from '../../doubles/notes/world.ts'
import { NotesWorld as World } from '../../doubles/notes/world.ts'
import type { BackupChain, Taken } from './chain.ts'

/** A small server: three databases, a template, files, IDs. */
export async function smallServer(options: WorldOptions = {}): Promise<NotesWorld> {
  const world = await World.make(options)
  await world.addDatabase('names.nsf', { replicaId: 1 })
  await world.addDatabase('mail/jdoe.nsf', { replicaId: 2, size: 200_000 })
  await world.addDatabase('mail/asmith.nsf', { replicaId: 3 })
  await world.addDatabase('mail.box', { replicaId: 4 })
  await world.addFile('server.id', 'the keys of the server')
  await world.addFile('domino/html/index.html', '<p>')
  await world.write(3, 'names.nsf')
  return world
}

export const everyDatabase = ['names.nsf', 'mail/jdoe.nsf', 'mail/asmith.nsf', 'mail.box']

/** Names of the artefacts without the folder of the snapshot, sorted. */
export function namesOf({ files }: Taken): string[] {
  return files.map(({ name }) => name.slice(name.indexOf('/') + 1)).sort()
}

/** Hash of a database as it was staged, without the place of the stamp. */
export function stagedHash(chain: BackupChain, { files }: Taken, path: string): Promise<string> {
  const file = files.find(({ role, attributes }) => role === 'database' && attributes.path === path)!
  return imageHash(join(chain.directory, file.name))
}
