/** In wine, with Node for Windows: the binary backs a Domino partition up through `nnotes.dll`, which is the stand-in of the tests, and restores it. */
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { imageHash } from '../../../test/doubles/notes/database.ts'
import { NotesWorld } from '../../../test/doubles/notes/world.ts'
import { enrol, programs, shown, until } from './host.ts'

const built = { library: join(programs, 'nnotes.dll'), writer: join(programs, 'writer.exe') }
const databases = ['names.nsf', 'mail\\jdoe.nsf', 'mail\\Grüße 数据.nsf']

// It goes with the Windows that it lies in.
const world = await NotesWorld.make({ built, daos: true })
for (const [i, name] of databases.entries()) await world.addDatabase(name, { size: 300_000, replicaId: i + 1 })
const archive = join(world.root, 'archive\\old.nsf')
await world.addDatabase(archive, { size: 100_000, replicaId: 9 })
await world.addFile('archive.dir', `${join(world.root, 'archive')}\r\n`)
await world.addFile('server.id', 'the keys of the server')
const object = join('DAOS', '0001', `${'A1'.repeat(24)}.nlo`)
await world.addFile(object, 'an attachment')
await world.write(30, ...databases)

const host = await enrol('C:\\domino', 'mail', [
  'engine: domino',
  `ini: '${world.ini}'`,
  `directory: '${world.copies}'`,
])
await host.failsafe('doctor', 'mail')

const writing = world.write(200, ...databases)
const full = await host.backup('full')
await writing
// The library says so of what lies outside of the data directory.
deepEqual([full.kind, full.promoted, full.warnings?.map(({ code }) => code)], ['full', null, ['database-not-logged']])
shown(`a full backup of ${full.artefacts} files, while pages of its databases were changed`)

const restored = join(host.directory, 'after-full')
await host.restore('after-full')
const found = await readdir(restored, { recursive: true, withFileTypes: true })
const files = new Map(
  found.filter(entry => entry.isFile()).map(entry => [entry.name, join(entry.parentPath, entry.name)]),
)
for (const name of [...databases, archive]) {
  const image = await world.image(name)
  equal(await imageHash(files.get(name.slice(name.lastIndexOf('\\') + 1))!), image!.hash, name)
}
for (const name of ['server.id', 'archive.dir', 'notes.ini', object]) {
  const path = files.get(name.slice(name.lastIndexOf('\\') + 1))!
  deepEqual(await readFile(path), await readFile(world.path(name)), name)
}
shown(
  `restored: ${databases.length + 1} databases, each as the library says that it was when its backup began; all else as it is`,
)

const closed: number[] = []
for (let run = 0; run < 2; run++) {
  await world.closeExtents(1, 'names.nsf')
  await world.write(20, ...databases)
  closed.push(...(await world.waiting()))
  const log = await host.backup('log')
  deepEqual([log.kind, log.promoted, log.warnings], ['log', null, []])
  deepEqual(await world.waiting(), [])
}
notEqual(closed.length, 0)
shown(`two runs of logs: the extents ${closed.join(', ')}, which Domino was told about when they were committed`)

const listed = z.object({ snapshots: z.array(z.object({ kind: z.string() })) })
deepEqual(
  listed.parse(await host.failsafe('list', 'mail')).snapshots.map(({ kind }) => kind),
  ['log', 'log', 'full'],
)
const kills = ['session-begun', 'staging-journalled', 'commit-answered', 'commit-journalled', 'source-told'] as const
for (const point of kills) {
  await world.closeExtents(1, 'names.nsf')
  await world.write(20, ...databases)
  await host.dieAt(point, 'log')
  await until(
    `${point}: all that Domino had given out is back`,
    async () => (await world.backups()).length === 0 && (await world.get('log/archiver')) === '',
  )
  const next = await host.backup('log')
  deepEqual([next.promoted, next.warnings?.filter(({ code }) => code !== 'earlier-run')], [null, []], point)
  deepEqual(await readdir(world.copies), [], point)
}
await host.backup('log')
deepEqual(await world.waiting(), [])
shown(`killed at ${kills.length} steps of a run of logs: nothing stays open, and the next run heals`)

const before = await Promise.all(databases.map(name => world.hashOf(name)))
for (const name of databases) await rm(world.path(name))
const target = `domino:///${world.ini.replaceAll('\\', '/')}?overwrite=yes`
const applied = await host.restore('applied', '--apply', '--target', target)
equal(applied.applied, true)
deepEqual(await Promise.all(databases.map(name => world.hashOf(name))), before)
shown(`restore --apply: ${databases.length} databases were put back and rolled forward to the last byte`)

deepEqual(await world.violations(), [])
deepEqual(await world.backups(), [])
deepEqual(await readdir(world.copies), [])
shown('no rule of the API was broken, no backup is open, no copy is left')
