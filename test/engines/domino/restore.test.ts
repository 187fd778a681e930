import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parseTarget } from '../../../uploader/engines/domino/restore/target.ts'
import { keyOf, type NotesWorld } from '../../doubles/notes/world.ts'
import { times, within } from '../../support/counts.ts'
import { BackupChain } from './chain.ts'
import { everyDatabase, smallServer } from './support.ts'

const targetOf = (world: NotesWorld, more = '') => `domino://${world.ini}${more}`

async function hashes(world: NotesWorld, names: readonly string[] = everyDatabase) {
  return Object.fromEntries(await Promise.all(names.map(async name => [name, await world.hashOf(name)])))
}

describe('a restore', () => {
  const logRuns = Math.max(3, times(10))
  it(`of a full and ${logRuns} runs of logs under a writer is what the server had, to the byte`, {
    timeout: within(180_000),
  }, async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    {
      await using _ = world.startWriter(300, ...everyDatabase)
      await chain.take('full')
      for (let n = 0; n < logRuns; n++) await chain.take('log')
    }
    const last = await chain.take('log')
    expect(last.plan.kind).toBe('log')
    const before = await hashes(world)
    for (const name of everyDatabase) await rm(world.path(name))
    const report = await chain.restore(targetOf(world))
    expect(report.applied).toBe(true)
    expect(await hashes(world)).toEqual(before)
    expect(await world.violations()).toEqual([])
  })

  it('of a server that was lost: extents, databases and attachments onto a new machine', async () => {
    await using world = await smallServer({ daos: true })
    await world.addFile('DAOS/0001/AAAA.nlo', 'an attachment')
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(2, 'mail/jdoe.nsf')
    await world.write(3, 'names.nsf')
    await chain.take('log')
    const before = await hashes(world)
    await using other = await world.rebuilt({ daos: true })
    const report = await chain.restore(targetOf(other))
    expect(await hashes(other)).toEqual(before)
    expect(await readFile(other.path('DAOS/0001/AAAA.nlo'), 'utf8')).toBe('an attachment')
    expect(report.notes.join('\n')).toMatch(/transaction log was put back/)
    expect(await other.get('log/id')).toBe(await world.get('log/id'))
    expect(await other.violations()).toEqual([])
  })

  it('takes a database that a run of logs held in full from there', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.describe('names.nsf', { logged: true, dbiid: 'e'.repeat(32), firstExtent: await world.active() })
    await world.write(5, 'names.nsf')
    await chain.take('log')
    await world.write(5, 'names.nsf')
    await chain.take('log')
    const before = await hashes(world)
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await hashes(world)).toEqual(before)
  })

  it('of one database leaves the others as they are', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.write(10, ...everyDatabase)
    await chain.take('log')
    const before = await hashes(world)
    await writeFile(world.path('mail.box'), 'something else')
    await rm(world.path('names.nsf'))
    const input = chain.inputOf()
    const only = input.files.filter(({ role, attributes }) => role === 'log' || attributes.path === 'names.nsf')
    await chain.restore(targetOf(world), { input: { ...input, files: only, only: 'data/names.nsf' } })
    expect(await world.hashOf('names.nsf')).toBe(before['names.nsf'])
    expect(await readFile(world.path('mail.box'), 'utf8')).toBe('something else')
  })

  it('puts a database that is not logged back as it was', async () => {
    await using world = await smallServer()
    await world.describe('mail.box', { logged: false, dbiid: '0'.repeat(32), firstExtent: 0 })
    await world.set('still', '')
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const before = await world.hashOf('mail.box')
    const report = await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await world.hashOf('mail.box')).toBe(before)
    expect(report.notes).toContain('mail.box: as it was backed up; it is not logged')
  })

  it('keeps what was there beside it, and replaces nothing without being told', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const before = await hashes(world)
    await expect(chain.restore(targetOf(world))).rejects.toMatchObject({ code: 'restore-database-exists' })
    expect(await hashes(world)).toEqual(before)
    const warnings: string[] = []
    await chain.restore(targetOf(world, '?overwrite=yes'), { warnings })
    expect(warnings.filter(line => line.startsWith('database-aside'))).toHaveLength(4)
    expect((await readdir(world.path('mail'))).filter(name => name.includes('before-restore'))).toHaveLength(2)
  })
})

describe('a database that was removed from the server', () => {
  /** Names of what was restored onto an empty server. */
  const restored = async (chain: BackupChain, world: NotesWorld, only?: string) => {
    await Promise.all(everyDatabase.map(name => rm(world.path(name), { force: true })))
    const input = chain.inputOf()
    const files = input.files.filter(({ name }) => only === undefined || name.endsWith(only) || name.includes('/log/'))
    const report = await chain.restore(targetOf(world), { input: { ...input, files, ...(only && { only }) } })
    const there = await Promise.all(everyDatabase.map(name => world.exists(name)))
    return { ...report, names: everyDatabase.filter((_, i) => there[i]) }
  }

  it('before the last run of logs is not brought back, is named, and comes back where it alone is asked for', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await rm(world.path('mail/asmith.nsf'))
    await chain.take('log')
    // Each run says it anew.
    await chain.take('log')
    const { names, notes, runbook } = await restored(chain, world)
    expect(names).toEqual(everyDatabase.filter(name => name !== 'mail/asmith.nsf'))
    expect(notes).toContain('mail/asmith.nsf: not put back; it was not on the server any more')
    expect(runbook).toMatch(/## Not on the server any more\n[^#]*- `mail\/asmith\.nsf`/)
    expect((await restored(chain, world, 'data/mail/asmith.nsf')).names).toEqual(['mail/asmith.nsf'])
  })

  it('and was made anew is restored as it is now', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await rm(world.path('names.nsf'))
    await chain.take('log')
    await world.addDatabase('names.nsf', { replicaId: 77 })
    await world.describe('names.nsf', { logged: true, dbiid: 'f'.repeat(32), firstExtent: await world.active() })
    await chain.take('log')
    const before = await world.hashOf('names.nsf')
    expect((await restored(chain, world)).names).toEqual(everyDatabase)
    expect(await world.hashOf('names.nsf')).toBe(before)
  })

  it('is none where something was in the way of the look, or where it is left out since', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await rm(world.path('names.nsf'))
    await chain.take('log')
    // Sure is only what was so before.
    await rm(world.path('mail.box'))
    await world.addFile('lost.dir', '/not/there\n')
    await chain.take('log')
    await rm(world.path('lost.dir'))
    chain.settings.exclude = ['mail/**']
    await chain.take('log')
    expect((await restored(chain, world)).names).toEqual(everyDatabase.filter(name => name !== 'names.nsf'))
  })

  it('is none that was put back a moment later, as a compact does', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.addDatabase('new.nsf', { replicaId: 20 })
    const [place, aside] = [world.path('names.nsf'), join(world.root, 'aside')]
    await rename(place, aside)
    await chain.take('log', { before: ({ name }) => (name === 'data/new.nsf' ? rename(aside, place) : undefined) })
    await rm(world.path('new.nsf'))
    expect((await restored(chain, world)).names).toEqual(everyDatabase)
  })
})

describe('a database behind a link', () => {
  /** A server with a folder elsewhere that a link leads to. */
  async function linkedServer() {
    const world = await smallServer()
    const folder = join(world.root, 'elsewhere')
    const path = join(folder, 'year/2025.nsf')
    await world.addDatabase(path, { replicaId: 40 })
    await world.describe(path, { logged: false, dbiid: '0'.repeat(32), firstExtent: 0 })
    await world.addFile('archive.dir', `${folder}\n`)
    return { world, folder, path, hash: await world.hashOf(path) }
  }
  const fullOf = async (world: NotesWorld) => {
    const chain = await BackupChain.of(world)
    await chain.take('full')
    return chain
  }

  it('is put back where the link of the server leads, with its folders, and kept beside it what was there', async () => {
    const { world, folder, path, hash } = await linkedServer()
    await using _ = world
    await using chain = await fullOf(world)
    await rm(folder, { recursive: true })
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await world.hashOf(path)).toBe(hash)
    for (const name of everyDatabase) await rm(world.path(name))
    await expect(chain.restore(targetOf(world))).rejects.toMatchObject({ message: expect.stringContaining(path) })
    await world.addDatabase(path, { replicaId: 41 })
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await world.hashOf(path)).toBe(hash)
    expect(await readdir(join(folder, 'year'))).toEqual([
      '2025.nsf',
      expect.stringMatching(/^2025\.nsf\.before-restore-/),
    ])
  })

  it('of its own is put back where that leads', async () => {
    await using world = await smallServer()
    const path = join(world.root, 'elsewhere.nsf')
    await world.addDatabase(path, { replicaId: 40 })
    await world.addFile('sales.nsf', `${path}\n`)
    const hash = await world.hashOf(path)
    await using chain = await fullOf(world)
    await rm(path)
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await world.hashOf(path)).toBe(hash)
  })

  it.each([
    ['no link leads there any more', (world: NotesWorld) => rm(world.path('archive.dir')), 'no link of this server'],
    [
      'the link leads to another folder',
      (world: NotesWorld) => world.addFile('archive.dir', '/srv/other\n'),
      'no link of this server',
    ],
    [
      'its folder cannot be made',
      (world: NotesWorld) => writeFile(join(world.root, 'elsewhere'), 'a file'),
      'its folder cannot be made',
    ],
    [
      'a symbolic link leads out of the folder',
      async (world: NotesWorld) => {
        await mkdir(join(world.root, 'elsewhere'))
        await mkdir(join(world.root, 'third'))
        await symlink(join(world.root, 'third'), join(world.root, 'elsewhere/year'))
      },
      'no link of this server',
    ],
  ])('is named and the others are restored where %s', async (_, happen, why) => {
    const { world, folder, path } = await linkedServer()
    await using _world = world
    await using chain = await fullOf(world)
    await rm(folder, { recursive: true })
    await happen(world)
    const warnings: string[] = []
    const { runbook, notes } = await chain.restore(targetOf(world, '?overwrite=yes'), { warnings })
    expect(warnings).toContainEqual(expect.stringMatching(`^database-elsewhere: ${path} .*${why}`))
    expect(notes).toHaveLength(everyDatabase.length + 1)
    expect(runbook).toMatch(/## Elsewhere on the server\n[^#]*2025\.nsf/)
    expect(await readdir(join(world.root, 'third')).catch(() => [])).toEqual([])
    expect(await world.exists(path)).toBe(false)
  })
})

describe('a restore that Domino refuses', () => {
  it('because the database is in use changes nothing', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const before = await hashes(world)
    await world.set(`inuse/${keyOf(world.path('names.nsf'))}`, '')
    const input = chain.inputOf()
    const files = input.files.filter(({ role, attributes }) => role === 'log' || attributes.path === 'names.nsf')
    await expect(
      chain.restore(targetOf(world, '?overwrite=yes&wait=0'), { input: { ...input, files } }),
    ).rejects.toMatchObject({ code: 'restore-database', why: expect.stringContaining('in use') })
    expect(await hashes(world)).toEqual(before)
    expect(await readdir(join(world.root, 'offline'))).toEqual([])
  })

  it('because an extent is missing puts the old database back', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(2, 'names.nsf')
    await chain.take('log')
    const before = await hashes(world)
    const input = chain.inputOf()
    const missing = input.files.filter(
      ({ role, attributes }) =>
        (role !== 'log' || attributes.closed !== 'true') && (role !== 'database' || attributes.path === 'names.nsf'),
    )
    await expect(
      chain.restore(targetOf(world, '?overwrite=yes'), { input: { ...input, files: missing } }),
    ).rejects.toMatchObject({
      code: 'restore-database',
      why: expect.stringContaining('neither here nor on the server'),
    })
    expect(await hashes(world)).toEqual(before)
    expect((await readdir(world.data)).filter(name => name.includes('before-restore'))).toEqual([])
    // The laid-out copy is as it was: the same restore with all extents succeeds.
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await hashes(world)).toEqual(before)
  })

  it('because an extent that one database needs is missing names that one, and brings the others forward', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(2, 'names.nsf')
    await chain.take('log')
    // What these need of the log begins behind the extents that will be missing.
    await chain.take('full')
    await world.write(5, ...everyDatabase)
    const now = await hashes(world)
    const [first] = chain.taken
    const input = chain.inputOf()
    const old = first!.files.find(({ attributes }) => attributes.path === 'names.nsf')!
    const files = input.files.map(file => (file.attributes.path === 'names.nsf' ? old : file))
    const warnings: string[] = []
    const { applied, notes } = await chain.restore(targetOf(world, '?overwrite=yes'), {
      input: { ...input, files },
      warnings,
    })
    expect(applied).toBe(true)
    expect(warnings.filter(line => line.startsWith('restore-database'))).toEqual([
      expect.stringMatching(
        /names\.nsf could not be restored: .*neither here nor on the server.*Restore a later state/,
      ),
    ])
    const others = everyDatabase.filter(name => name !== 'names.nsf')
    expect(notes).toEqual(expect.arrayContaining(others.map(name => `${name}: restored and rolled forward`)))
    expect(notes.join()).not.toContain('names.nsf')
    expect(await hashes(world)).toEqual(now)
    expect(await readdir(join(world.root, 'offline'))).toEqual([])
  })

  it('because the copy was opened in its place tries once more with a new one', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const before = await hashes(world)
    await world.fault('NSFRecoverDatabases', '13FA')
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await hashes(world)).toEqual(before)
    await world.fault('NSFRecoverDatabases', '13FA', { times: 2 })
    const input = chain.inputOf()
    const files = input.files.filter(({ role, attributes }) => role === 'log' || attributes.path === 'names.nsf')
    await expect(
      chain.restore(targetOf(world, '?overwrite=yes'), { input: { ...input, files } }),
    ).rejects.toMatchObject({
      why: expect.stringContaining('was opened after it was backed up'),
    })
    expect(await hashes(world)).toEqual(before)
  })

  it('where its path would lead out of the data directory', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const input = chain.inputOf()
    const files = input.files.map(file =>
      file.attributes.path === 'names.nsf'
        ? { ...file, attributes: { ...file.attributes, path: '../../evil.nsf' } }
        : file,
    )
    const warnings: string[] = []
    await chain.restore(targetOf(world, '?overwrite=yes'), { input: { ...input, files }, warnings })
    expect(warnings).toEqual(expect.arrayContaining([expect.stringContaining('database-elsewhere: ../../evil.nsf')]))
    expect(await readdir(world.root)).not.toContain('evil.nsf')
  })
})

describe('the runbook', () => {
  it('names every database, the log, and what is to be done when the server is lost', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(1, 'names.nsf')
    await chain.take('log')
    const { runbook } = await chain.restore(undefined)
    for (const words of [
      ...everyDatabase,
      'TRANSLOG_Recreate_Logctrl=1',
      'load restore',
      'tell daosmgr resync',
      await world.get('log/id'),
    ])
      expect(runbook).toContain(words)
  })
})

test.each([
  'domino://host/x',
  'mysql:///x',
  'domino:///x?what=1',
  'domino:///x?overwrite=no',
  'domino:///x?wait=9999',
  'x',
])('%s is refused as a target', target => {
  expect(() => parseTarget(target)).toThrow('The target')
})

test('a target names a notes.ini on Linux and on Windows', () => {
  expect(parseTarget('domino:///local/notes%20data/notes.ini?user=notes&wait=5')).toMatchObject({
    ini: '/local/notes data/notes.ini',
    user: 'notes',
    wait: 5000,
    overwrite: false,
  })
  expect(parseTarget('domino:///D:/Domino/notes.ini').ini).toBe('D:/Domino/notes.ini')
})

test('a moment or a place in the log is refused: Domino goes to the newest state', async () => {
  await using world = await smallServer()
  await using chain = await BackupChain.of(world)
  await chain.take('full')
  const input = chain.inputOf()
  await expect(
    chain.restore(targetOf(world), { input: { ...input, at: '2026-11-22T10:00:00Z' } }),
  ).rejects.toMatchObject({
    code: 'restore-at',
  })
  await expect(chain.restore(undefined, { input: { ...input, before: 'x' } })).rejects.toMatchObject({
    code: 'restore-before',
  })
})
