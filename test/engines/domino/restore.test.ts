import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
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
  it('of a full and ten runs of logs under a writer is what the server had, to the byte', {
    timeout: within(180_000),
  }, async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    {
      await using _ = world.startWriter(300, ...everyDatabase)
      await chain.take('full')
      for (let n = 0; n < Math.max(10, times(10)); n++) await chain.take('log')
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
    const missing = input.files.filter(({ role, attributes }) => role !== 'log' || attributes.closed !== 'true')
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

  it('because the copy was opened in its place tries once more with a new one', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const before = await hashes(world)
    await world.fault('NSFRecoverDatabases', '13FA')
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await hashes(world)).toEqual(before)
    await world.fault('NSFRecoverDatabases', '13FA', { times: 2 })
    await expect(chain.restore(targetOf(world, '?overwrite=yes'))).rejects.toMatchObject({
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
