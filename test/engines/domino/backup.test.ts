import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { NotesWorld } from '../../doubles/notes/world.ts'
import { BackupChain } from './chain.ts'
import { everyDatabase, namesOf, smallServer, stagedHash } from './support.ts'

describe('a full backup', () => {
  it('holds notes.ini, every database as it was at its start, files, and all of the log', async () => {
    await using world = await smallServer()
    await world.closeExtents(2, 'names.nsf')
    await using chain = await BackupChain.of(world)
    const full = await chain.take('full')
    const id = await world.get('log/id')
    expect(namesOf(full)).toEqual(
      [
        'notes.ini',
        'data/names.nsf',
        'data/mail/jdoe.nsf',
        'data/mail/asmith.nsf',
        'data/mail.box',
        'data/server.id',
        'data/domino/html/index.html',
        `log/${id}/0000000001.TXN`,
        `log/${id}/0000000002.TXN`,
        `log/${id}/0000000003.partial.TXN`,
        'databases.jsonl',
      ].sort(),
    )
    for (const name of everyDatabase) {
      const image = await world.image(name)
      expect(await stagedHash(chain, full, name), name).toBe(image!.hash)
      expect(full.results[name]).toMatchObject({ result: 'backed-up', logged: true, size: image!.size, ods: 55 })
    }
    const ini = full.files.find(({ name }) => name.endsWith('notes.ini'))!
    expect(await readFile(join(chain.directory, ini.name))).toEqual(await readFile(world.ini))
    expect(full.files[0]).toBe(ini)
    expect(full.warnings).toEqual([])
    expect(await world.violations()).toEqual([])
    expect([await world.backups(), await chain.copies()]).toEqual([[], []])
  })

  it('is the same with handles of eight bytes', async () => {
    await using world = await smallServer({ wide: true })
    await using chain = await BackupChain.of(world)
    const full = await chain.take('full')
    for (const name of everyDatabase) expect(await stagedHash(chain, full, name)).toBe((await world.image(name))!.hash)
    expect(await world.violations()).toEqual([])
  })

  it('of databases that are written all the time holds each as it was at its start', async () => {
    await using world = await smallServer({ extentSize: 1024 * 1024 })
    await world.addDatabase('mail/big.nsf', { size: 9 * 1024 * 1024, replicaId: 7 })
    await using chain = await BackupChain.of(world)
    await using _ = world.startWriter(500, ...everyDatabase, 'mail/big.nsf')
    const full = await chain.take('full')
    for (const name of [...everyDatabase, 'mail/big.nsf']) {
      const image = await world.image(name)
      expect(await stagedHash(chain, full, name), name).toBe(image!.hash)
      expect(full.results[name]!.size).toBe(image!.size)
    }
    expect(await world.violations()).toEqual([])
  })

  it('applies nothing, and is sealed for recovery all the same, where nothing was changed', async () => {
    await using world = await smallServer()
    await world.set('still', '')
    await using chain = await BackupChain.of(world)
    const full = await chain.take('full')
    const journal = await world.journal()
    expect(journal.filter(line => line.startsWith('NSFBackupEndApplyChangeInfo whole'))).toHaveLength(4)
    expect(journal.filter(line => line.startsWith('NSFBackupApplyNextChangeInfo'))).toHaveLength(0)
    expect(await stagedHash(chain, full, 'names.nsf')).toBe((await world.image('names.nsf'))!.hash)
  })

  it('takes a database that is not logged, and says that it cannot be rolled forward', async () => {
    await using world = await smallServer()
    await world.describe('mail.box', { logged: false, dbiid: '0'.repeat(32), firstExtent: 0 })
    await using chain = await BackupChain.of(world)
    const full = await chain.take('full')
    expect(full.warnings).toEqual([expect.stringContaining('database-not-logged: mail.box')])
    expect(full.results['mail.box']).toMatchObject({ result: 'backed-up', logged: false })
  })

  test.each(['Müller.nsf', '日本.nsf', 'mail/Ärzte & Söhne.nsf', '一一.nsf'])(
    'takes a database called %s',
    async name => {
      await using world = await smallServer()
      await world.addDatabase(name, { replicaId: 9 })
      await using chain = await BackupChain.of(world)
      const full = await chain.take('full')
      expect(await stagedHash(chain, full, name)).toBe((await world.image(name))!.hash)
      expect(full.warnings).toEqual([])
    },
  )

  it('takes a database behind a link by its real path', async () => {
    await using world = await smallServer()
    const elsewhere = join(world.root, 'archive/old.nsf')
    await world.addDatabase(elsewhere, { replicaId: 11 })
    await world.addFile('archive.dir', `${join(world.root, 'archive')}\n`)
    await using chain = await BackupChain.of(world)
    const full = await chain.take('full')
    // Outside of the data directory nothing is logged.
    expect(full.results[elsewhere]).toMatchObject({ result: 'backed-up', logged: false })
    expect(await stagedHash(chain, full, elsewhere)).toBe((await world.image(elsewhere))!.hash)
  })

  it('holds the objects of the attachment store that the databases refer to, and those that come meanwhile', async () => {
    await using world = await smallServer({ daos: true })
    await world.addFile('DAOS/0001/AAAA.nlo', 'an attachment')
    await world.addFile('daoscat.nsf', 'made anew')
    await using chain = await BackupChain.of(world)
    const full = await chain.take('full', {
      before: async ({ name }) => {
        // While the databases are read, another object is written, and one is pruned.
        if (name === 'data/names.nsf') await world.addFile('DAOS/0001/BBBB.nlo', 'one more')
        if (name === 'daos/0001/AAAA.nlo') await world.addFile('DAOS/0001/CCCC.nlo', 'and one after the walk')
      },
    })
    const names = namesOf(full).filter(name => name.startsWith('daos'))
    expect(names).toEqual(expect.arrayContaining(['daos/0001/AAAA.nlo', 'daos/0001/BBBB.nlo']))
    expect(names.some(name => name.endsWith('CCCC.nlo'))).toBe(true)
    expect(names.some(name => name.includes('daoscat'))).toBe(false)
  })

  it('of a server that has no attachment store yet says so', async () => {
    await using world = await smallServer({ daos: true })
    await rm(world.store, { recursive: true })
    await using chain = await BackupChain.of(world)
    const full = await chain.take('full')
    expect(full.warnings).toEqual([expect.stringMatching(`^daos-missing: There is no attachment store ${world.store}`)])
  })

  it('reports objects that were pruned before they could be read', async () => {
    await using world = await smallServer({ daos: true })
    for (const name of ['AAAA', 'BBBB']) await world.addFile(`DAOS/0001/${name}.nlo`, name)
    await using chain = await BackupChain.of(world, {}, { concurrency: 1 })
    const full = await chain.take('full', {
      before: ({ name }) =>
        /daos\/0001\/\w+\.nlo$/.test(name)
          ? rm(world.path(`DAOS/0001/${name.includes('AAAA') ? 'BBBB' : 'AAAA'}.nlo`), { force: true })
          : undefined,
    })
    expect(full.warnings).toEqual([expect.stringContaining('object-gone: 1 objects')])
  })

  test.each(['circular', 'linear', 'off'] as const)(
    'of a server whose log is %s is one by itself, and says so when logs are asked for',
    async style => {
      await using world = await smallServer({ style })
      await using chain = await BackupChain.of(world)
      const full = await chain.take('log')
      expect(full.plan.promoted?.code).toBe(style === 'off' ? 'NOT_LOGGED' : 'NOT_ARCHIVED')
      expect(namesOf(full).filter(name => name.startsWith('log/'))).toEqual([])
      expect((await chain.take('log')).plan.kind).toBe('full')
      expect(await world.violations()).toEqual([])
    },
  )
})

it('keeps two partitions of one machine apart, each with its own log', async () => {
  await using one = await smallServer()
  await using two = await smallServer()
  await using first = await BackupChain.of(one)
  await using second = await BackupChain.of(two)
  const [a, b] = await Promise.all([first.take('full'), second.take('full')])
  expect(a.committed.units[0]!.to.stream).toBe(await one.get('log/id'))
  expect(b.committed.units[0]!.to.stream).toBe(await two.get('log/id'))
})

it('refuses a directory for copies inside the data directory before anything is asked of Domino', async () => {
  await using world = await NotesWorld.make()
  await using chain = await BackupChain.of(world, { directory: join(world.data, 'mail') })
  await expect(chain.take('full')).rejects.toMatchObject({ code: 'domino-directory-inside' })
  expect(await world.journal()).toEqual([])
})
