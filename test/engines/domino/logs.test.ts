import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nextPlace, placeAt } from '../../../uploader/engines/domino/position.ts'
import { PromotionNeeded } from '../../../uploader/engines/promotion-needed.ts'
import type { NotesWorld } from '../../doubles/notes/world.ts'
import { times } from '../../support/counts.ts'
import { BackupChain } from './chain.ts'
import { everyDatabase, namesOf, smallServer } from './support.ts'

const targetOf = (world: NotesWorld, more = '') => `domino://${world.ini}${more}`

/** Numbers of the closed extents of a run. */
const extentsOf = (taken: { files: { role: string; attributes: Record<string, string> }[] }) =>
  taken.files
    .filter(({ role, attributes }) => role === 'log' && attributes.closed === 'true')
    .map(({ attributes }) => Number(attributes.number))

describe('a run of logs', () => {
  it('holds the extents that are new, the one that is still written, and nothing else', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    expect(await world.waiting()).toEqual([])
    const before = await world.active()
    await world.closeExtents(3, 'mail/jdoe.nsf')
    const log = await chain.take('log')
    expect(extentsOf(log)).toEqual([before, before + 1, before + 2])
    expect(namesOf(log)).toHaveLength(5)
    expect(log.files.at(-2)!.attributes).toMatchObject({ closed: 'false', number: String(before + 3) })
    expect(log.committed.units[0]).toMatchObject({
      from: { at: placeAt(before) },
      to: { at: placeAt(before + 3) },
    })
    expect(await world.waiting()).toEqual([])
    expect(await world.violations()).toEqual([])
  })

  it('goes on for as long as it is asked to, under a writer, with every extent once', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const first = await world.active()
    {
      await using _ = world.startWriter(200, ...everyDatabase)
      for (let n = 0; n < times(30); n++) expect((await chain.take('log')).plan.kind).toBe('log')
    }
    const numbers = chain.taken.slice(1).flatMap(extentsOf)
    expect(numbers).toEqual(numbers.map((_, i) => first + i))
    expect(await world.violations()).toEqual([])
  })

  it('supersedes what an earlier one held of an extent that was still written, and is done with the whole one alone', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.write(2, 'names.nsf')
    const partial = await chain.take('log')
    expect(extentsOf(partial)).toEqual([])
    // It leads on all the same: what else it holds is needed.
    expect(partial.committed.units[0]!.to.at).toBe(nextPlace(partial.committed.units[0]!.from!.at))
    const done = async () => (await world.journal()).filter(line => line.startsWith('done '))
    const before = await done()
    await world.closeExtents(1, 'names.nsf')
    await chain.take('log')
    expect((await done()).length).toBe(before.length + 1)
    expect(await world.violations()).toEqual([])
  })

  it('takes files that were used again under the same name for what they are: other extents', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    const seen = new Map<string, number[]>()
    for (let n = 0; n < 4; n++) {
      await world.closeExtents(1, 'names.nsf')
      for (const { attributes } of (await chain.take('log')).files.filter(
        ({ attributes }) => attributes.closed === 'true',
      ))
        seen.set(attributes.file!, [...(seen.get(attributes.file!) ?? []), Number(attributes.number)])
    }
    expect([...seen.values()].some(numbers => numbers.length > 1)).toBe(true)
    expect(new Set([...seen.values()].flat()).size).toBe([...seen.values()].flat().length)
  })

  it('takes databases that are new, or that the log knows by another identity, in full, and each once', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.addDatabase('new.nsf', { replicaId: 20 })
    await world.describe('mail/jdoe.nsf', { logged: true, dbiid: 'c'.repeat(32), firstExtent: await world.active() })
    const log = await chain.take('log')
    expect(log.results).toMatchObject({
      'new.nsf': { result: 'backed-up', reason: 'it is new' },
      'mail/jdoe.nsf': { result: 'backed-up', reason: 'the log knows it by another identity' },
    })
    expect(Object.keys(log.results)).toHaveLength(2)
    expect(Object.keys((await chain.take('log')).results)).toEqual([])
    // And the full after it knows all of them again.
    await chain.take('full')
    expect(Object.keys((await chain.take('log')).results)).toEqual([])
  })

  it('goes on though a database that it does not know cannot be backed up, today and tomorrow', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.addDatabase('broken.nsf', { replicaId: 30 })
    await world.fault('NSFBackupStart', '0102', { times: 2, subject: 'broken' })
    for (let n = 0; n < 2; n++) {
      await world.closeExtents(1, 'names.nsf')
      const log = await chain.take('log')
      expect(log.warnings).toEqual([expect.stringMatching(/^database-failed: broken\.nsf was not backed up/)])
      expect(extentsOf(log)).toHaveLength(1)
    }
    expect((await chain.take('log')).results).toMatchObject({ 'broken.nsf': { result: 'backed-up' } })
    expect(await world.waiting()).toEqual([])
  })

  it('takes a database that the full could not', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await world.fault('NSFBackupStart', '0102', { times: 1, subject: 'asmith' })
    const full = await chain.take('full')
    expect(full.warnings).toEqual([expect.stringMatching(/^database-failed: mail\/asmith\.nsf was not backed up/)])
    const log = await chain.take('log')
    expect(Object.keys(log.results)).toEqual(['mail/asmith.nsf'])
  })

  it('holds notes.ini where it was changed, and new objects of the attachment store', async () => {
    await using world = await smallServer({ daos: true })
    await world.addFile('DAOS/0001/AAAA.nlo', 'an attachment')
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await appendFile(world.ini, 'NewSetting=1\n')
    await world.addFile('DAOS/0001/BBBB.nlo', 'another attachment')
    const names = namesOf(await chain.take('log'))
    expect(names).toEqual(expect.arrayContaining(['notes.ini', 'daos/0001/BBBB.nlo']))
    expect(names).not.toContain('daos/0001/AAAA.nlo')
    expect(namesOf(await chain.take('log')).filter(name => !name.startsWith('log/'))).toEqual(['databases.jsonl'])
  })
})

describe('notes.ini', () => {
  it('is in a run of logs where it is not as the last full holds it, whatever runs of logs before that one hold', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    const first = await readFile(world.ini)
    await chain.take('full')
    await chain.take('log')
    await appendFile(world.ini, 'NewSetting=1\n')
    await chain.take('full')
    await writeFile(world.ini, first)
    expect(namesOf(await chain.take('log'))).toContain('notes.ini')
    expect(namesOf(await chain.take('log'))).not.toContain('notes.ini')
  })
})

describe('the server is told that it may use an extent again', () => {
  it('only when the receiver has committed, and where nobody told it then, after the next commit', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(2, 'names.nsf')
    const waiting = await world.waiting()
    const log = await chain.take('log', { tellSource: false })
    expect(await world.waiting()).toEqual(waiting)
    await world.closeExtents(1, 'names.nsf')
    const next = await chain.take('log')
    // What was committed is not sent again.
    expect(extentsOf(next)).toEqual([waiting.at(-1)! + 1])
    expect(extentsOf(log)).toEqual(waiting)
    expect(await world.waiting()).toEqual([])
    expect(await world.violations()).toEqual([])
  })

  it('and not for one that is not what was committed: it is taken again', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(1, 'names.nsf')
    const [number] = await world.waiting()
    const path = await world.get(`log/waiting/${String(number).padStart(10, '0')}`)
    await chain.take('log', { tellSource: false })
    const bytes = await readFile(path)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(path, bytes)
    expect(
      (await chain.engine.committed!(chain.settings, chain.taken.at(-1)!.committed, new AbortController().signal))
        .notes,
    ).toEqual([expect.stringContaining('is not what was backed up')])
    expect(extentsOf(await chain.take('log'))).toEqual([number])
    expect(await world.waiting()).toEqual([])
  })

  it('by a full only where no runs of logs take them', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(1, 'names.nsf')
    await chain.take('log')
    await world.closeExtents(1, 'names.nsf')
    const waiting = await world.waiting()
    const full = await chain.take('full')
    // They are in it, and the next run of logs takes them too: the logs lead on from the full before as well.
    expect(extentsOf(full)).toEqual(waiting)
    expect(await world.waiting()).toEqual(waiting)
    const log = await chain.take('log')
    expect(extentsOf(log)).toEqual(waiting)
    expect(await world.waiting()).toEqual([])
    // Two fulls with no logs between: nobody else takes them.
    await chain.take('full')
    await world.closeExtents(2, 'names.nsf')
    await chain.take('full')
    expect(await world.waiting()).toEqual([])
    expect((await chain.take('log')).plan.kind).toBe('log')
  })
})

describe('a full where the log has a gap,', () => {
  it('begins a new succession behind it, and names what cannot be rolled forward over it', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(3, 'names.nsf')
    const [first, missing] = await world.waiting()
    await rm(join(world.root, 'log/waiting', String(missing).padStart(10, '0')))
    await expect(chain.take('log')).rejects.toMatchObject({ promotion: { code: 'GAP' } })
    const full = await chain.take('full')
    expect(full.warnings).toEqual([expect.stringMatching(`^extent-missing: Extent ${missing} of .* after ${first}`)])
    // All that was waiting is in it.
    expect(await world.waiting()).toEqual([])
    await world.closeExtents(1, 'names.nsf')
    expect((await chain.take('log')).plan.kind).toBe('log')
    expect(await world.violations()).toEqual([])
  })

  it('or of which a database needs more than is offered says until when', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    const needs = (firstExtent: number) =>
      world.describe('names.nsf', { logged: true, dbiid: 'd'.repeat(32), firstExtent })
    const begin = await world.active()
    await needs(begin)
    expect((await chain.take('full')).warnings).toEqual([])
    await world.closeExtents(2, 'names.nsf')
    await chain.take('log')
    // The run of logs holds it, and leads up to what is offered.
    await needs(begin + 1)
    const full = await chain.take('full')
    expect(full.warnings).toEqual([expect.stringMatching(/^extent-archived: .* until the next run of logs,/)])
    expect((await chain.take('log')).plan.kind).toBe('log')
    expect(chain.inputOf().snapshots.map(({ kind }) => kind)).toEqual(['full', 'log', 'log'])
    const before = await world.hashOf('names.nsf')
    await rm(world.path('names.nsf'))
    await chain.restore(targetOf(world, '?overwrite=yes'))
    expect(await world.hashOf('names.nsf')).toBe(before)
    // Nobody holds what was before everything.
    await needs(begin - 1)
    const last = await chain.take('full')
    expect(last.warnings).toEqual([expect.stringMatching(/^extent-archived: .* until the next full,/)])
  })
})

it('a committed extent that is not where Domino says ends the run with an error that names it', async () => {
  await using world = await smallServer()
  await using chain = await BackupChain.of(world)
  await chain.take('full')
  await world.closeExtents(1, 'names.nsf')
  const [number] = await world.waiting()
  await chain.take('log', { tellSource: false })
  await rm(await world.get(`log/waiting/${String(number).padStart(10, '0')}`))
  await expect(chain.take('log')).rejects.toMatchObject({ code: 'domino-extent' })
})

describe('a run of logs turns into a full', () => {
  it.each([
    ['the log was made anew', 'NEW_LOG', async (world: NotesWorld) => world.set('log/id', 'b'.repeat(32))],
    [
      'somebody else archived extents',
      'GAP',
      async (world: NotesWorld) => {
        await world.closeExtents(2, 'names.nsf')
        const [first] = await world.waiting()
        await rm(join(world.root, 'log/waiting', String(first).padStart(10, '0')))
      },
    ],
  ])('where %s', async (_, code, happen) => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await happen(world)
    const error = await chain.take('log').catch(caught => caught)
    expect(error).toBeInstanceOf(PromotionNeeded)
    expect(error.promotion.code).toBe(code)
    await chain.take('full')
    expect((await chain.take('log')).plan.kind).toBe('log')
    expect(await world.violations()).toEqual([])
  })
})
