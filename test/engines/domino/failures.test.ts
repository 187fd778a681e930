import { spawn } from 'node:child_process'
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { environmentFor } from '../../../uploader/engines/domino/helper/environment.ts'
import type { Answer, Request } from '../../../uploader/engines/domino/helper/protocol.ts'
import { helperVerb } from '../../../uploader/engines/domino/helper/verb.ts'
import { NotesWorld } from '../../doubles/notes/world.ts'
import { asNobody, BackupChain, helperOptions } from './chain.ts'
import { everyDatabase, smallServer, stagedHash } from './support.ts'

describe('a database', () => {
  test.each([
    ['that is compacted', '13AA', 'NSFBackupStart'],
    ['that somebody else backs up', '0EA4', 'NSFBackupStart'],
    ['whose change information is no good', '0EA7', 'NSFBackupApplyNextChangeInfo'],
  ])('%s is tried again behind the others', async (_, status, call) => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await world.fault(call, status, { times: 2 })
    const full = await chain.take('full')
    expect(full.warnings).toEqual([])
    for (const name of everyDatabase) expect(await stagedHash(chain, full, name)).toBe((await world.image(name))!.hash)
    expect(await world.violations()).toEqual([])
  })

  test.each([
    ['is compacted all the time', 'NSFBackupStart', '13AA', 'database-compacting'],
    ['is backed up by another product all the time', 'NSFBackupStart', '0EA4', 'database-busy'],
    ['is damaged', 'NSFDbOpen', '0202', 'database-failed'],
    ['vanishes', 'NSFDbOpen', '0103', 'database-gone'],
    ['is offline', 'NSFDbOpen', '13F9', 'database-offline'],
  ])('that %s is named, and the others are backed up', async (_, call, status, code) => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await world.fault(call, status, { times: 99, subject: 'asmith' })
    const full = await chain.take('full')
    expect(full.warnings).toHaveLength(1)
    expect(full.warnings[0]).toMatch(new RegExp(`^${code}: mail/asmith\\.nsf was not backed up`))
    expect(full.results['mail/asmith.nsf']!.result).toBe('failed')
    expect(Object.values(full.results).filter(({ result }) => result === 'backed-up')).toHaveLength(3)
    expect([await world.violations(), await world.backups(), await chain.copies()]).toEqual([[], [], []])
  })

  test.each([
    'NSFDbPathGet',
    'NSFDbGetLogInfo',
    'NSFBackupSetHighWaterMark',
    'NSFBackupStop',
    'NSFBackupGetChangeInfoSize',
    'NSFBackupStartApplyChangeInfo',
    'NSFBackupGetNextChangeInfo',
    'NSFBackupEndApplyChangeInfo',
    'NSFBackupEnd',
  ])('whose backup fails in %s leaves nothing open, and the next run takes it', async call => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await world.fault(call, '13A9')
    const full = await chain.take('full')
    expect(full.warnings).toHaveLength(1)
    expect([await world.violations(), await world.backups(), await chain.copies()]).toEqual([[], [], []])
    expect((await chain.take('full')).warnings).toEqual([])
  })

  it('of which none can be backed up fails the run', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await world.fault('NSFBackupStart', '13A9', { times: 99 })
    await expect(chain.take('full')).rejects.toMatchObject({ code: 'domino-nothing-backed-up' })
  })
})

describe('a run that fails while the log is archived', () => {
  it('ends the archive session, and tells Domino nothing', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.closeExtents(2, 'names.nsf')
    const waiting = await world.waiting()
    const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const before = ({ role }: { role: string }) => {
      if (role === 'log') throw full()
    }
    const stop = new AbortController()
    await expect(
      chain.take('log', {
        signal: stop.signal,
        before: artefact => {
          try {
            before(artefact)
          } catch (error) {
            stop.abort(error)
            throw error
          }
        },
      }),
    ).rejects.toThrow('no space left')
    expect(await world.waiting()).toEqual(waiting)
    const journal = await world.journal()
    expect(journal.filter(line => line.startsWith('NSFBeginArchivingLogs')).length).toBe(
      journal.filter(line => line.startsWith('NSFEndArchivingLogs')).length,
    )
    expect((await chain.take('log')).plan.kind).toBe('log')
    expect(await world.waiting()).toEqual([])
    expect(await world.violations()).toEqual([])
  })

  it('waits for another archiver, and names it where it does not end', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await chain.take('full')
    await world.fault('NSFBeginArchivingLogs', '0EAE', { times: 2 })
    expect((await chain.take('log')).plan.kind).toBe('log')
    await world.fault('NSFBeginArchivingLogs', '0EAE', { times: 99 })
    await expect(chain.take('log')).rejects.toMatchObject({ code: 'domino-archiver', retriable: true })
  })
})

describe('the helper', () => {
  it('that dies ends the run with an error, and the next one is whole', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await world.fault('NSFBackupStop', 'crash')
    await expect(chain.take('full')).rejects.toMatchObject({
      code: 'domino-helper-lost',
      why: expect.stringContaining('SIGSEGV'),
    })
    expect((await chain.take('full')).warnings).toEqual([])
    expect(await chain.copies()).toEqual([])
  })

  it('that says nothing any more is killed', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world, {}, { options: { ...helperOptions, silence: 2000 } })
    await world.fault('NSFBackupStart', 'hang')
    await expect(chain.take('full')).rejects.toMatchObject({
      code: 'domino-helper-lost',
      why: expect.stringContaining('said nothing'),
    })
    expect((await chain.take('full')).warnings).toEqual([])
  })

  it('is understood though the library prints on its stdout', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    await world.fault('NSFBackupStart', 'print', { times: 4 })
    expect((await chain.take('full')).warnings).toEqual([])
  })

  it('is stopped in the middle of a copy, and leaves nothing', async () => {
    await using world = await smallServer()
    await world.addDatabase('mail/big.nsf', { size: 200 * 1024 * 1024, sparse: true, replicaId: 30 })
    await using chain = await BackupChain.of(world)
    const stop = new AbortController()
    const stopped = chain.take('full', {
      signal: stop.signal,
      before: () => {
        setTimeout(() => stop.abort(new Error('enough')), 20)
      },
    })
    await expect(stopped).rejects.toThrow('enough')
    expect([await world.violations(), await world.backups(), await chain.copies()]).toEqual([[], [], []])
  })

  /** A helper whose channel is cut when it answers what `isMoment` waits for. @returns its exit code */
  function cutOff(world: NotesWorld, requests: Request[], isMoment: (answer: Answer) => boolean): Promise<unknown> {
    const [program, ...parameters] = [...helperOptions.command!, helperVerb]
    const child = spawn(program!, parameters, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: environmentFor(world, process.env),
    })
    child.on('message', (answer: Answer) => {
      if (isMoment(answer) && child.connected) child.disconnect()
    })
    const library = join(world.program, 'libnotes.so')
    child.send({ id: 1, call: 'init', parameters: { library, ini: world.ini } })
    for (const request of requests) child.send(request)
    return new Promise(resolve => child.once('exit', resolve))
  }

  it('that loses whoever started it in the middle of a copy releases the database', async () => {
    await using world = await smallServer()
    await world.addDatabase('mail/big.nsf', { size: 64 * 1024 * 1024, sparse: true, replicaId: 30 })
    const parameters = { path: 'mail/big.nsf', to: join(world.copies, 'x') }
    expect(await cutOff(world, [{ id: 2, call: 'copy', parameters }], answer => 'bytes' in answer)).toBe(0)
    expect([await world.violations(), await world.backups(), await readdir(world.copies)]).toEqual([[], [], []])
  })

  it('that loses it while the log is archived gives the log back', async () => {
    await using world = await smallServer()
    const begin: Request = { id: 2, call: 'begin-archiving', parameters: {} }
    expect(await cutOff(world, [begin], answer => answer.id === 2)).toBe(0)
    expect([await world.violations(), await world.get('log/archiver')]).toEqual([[], ''])
  })
})

describe('Domino cannot be reached', () => {
  test.each([
    [
      'as another user',
      'domino-init',
      /user/,
      async (world: NotesWorld) => world.set('user', String((process.getuid?.() ?? 0) + 1)),
    ],
    [
      'without its library',
      'domino-library',
      /program/,
      async (world: NotesWorld) => rm(join(world.program, 'libnotes.so')),
    ],
    [
      'with a password on its id',
      'domino-password',
      /password/,
      async (world: NotesWorld) => world.fault('NotesInitExtended', 'hang'),
    ],
  ])('%s, and it is said why', async (_, code, fix, happen) => {
    await using world = await smallServer()
    await happen(world)
    await using chain = await BackupChain.of(world, {}, { options: { ...helperOptions, silence: 1500 } })
    const error = await chain.take('full').catch(caught => caught)
    expect(error.code).toBe(code)
    expect(error.fix).toMatch(fix)
  })

  it('where its release does not know a call that is needed', async () => {
    await using world = await NotesWorld.make({ variant: 'without-archive' })
    await using chain = await BackupChain.of(world)
    await expect(chain.take('full')).rejects.toMatchObject({
      code: 'domino-library',
      why: expect.stringContaining('NSFDoneArchivingLog'),
    })
  })
})

describe('a database that this very run had staged before its process died', () => {
  it('is not read again where the log leads on from it', async () => {
    await using world = await smallServer()
    await world.addDatabase('mail/big.nsf', { size: 70 * 1024 * 1024, sparse: true, replicaId: 30 })
    await using chain = await BackupChain.of(world)
    let key: string | undefined
    const full = await chain.take('full', {
      before: ({ resumeKey }) => {
        key ??= resumeKey
      },
    })
    const { attributes, name, unit } = full.files.find(({ attributes }) => attributes.path === 'mail/big.nsf')!
    const kept = new Map([[key!, { name: name.slice(name.indexOf('/') + 1), unit, attributes }]])
    const copies = (await world.journal()).filter(line => line.startsWith('NSFBackupStart ')).length
    const again = await chain.take('full', { kept })
    // The list says of it what it would say of any other.
    expect(again.results['mail/big.nsf']).toEqual(full.results['mail/big.nsf'])
    expect((await world.journal()).filter(line => line.startsWith('NSFBackupStart '))).toHaveLength(
      copies + everyDatabase.length,
    )
    await world.describe('mail/big.nsf', { logged: true, dbiid: 'd'.repeat(32), firstExtent: 1 })
    await chain.take('full', { kept })
    expect((await world.journal()).filter(line => line.startsWith('NSFBackupStart '))).toHaveLength(
      copies + 2 * everyDatabase.length + 1,
    )
  })
})

it('removes copies that a killed run has left, and no others', async () => {
  await using world = await smallServer()
  await using chain = await BackupChain.of(world)
  await writeFile(join(world.copies, 'somebody-elses'), 'x')
  await chain.take('full')
  expect(await chain.copies()).toEqual(['somebody-elses'])
  expect(await readFile(join(world.copies, 'somebody-elses'), 'utf8')).toBe('x')
})

it('says whose the directory for copies has to be', async () => {
  await using world = await smallServer({ ofNobody: true })
  await using chain = await BackupChain.of(world, {}, { options: asNobody })
  await chmod(world.copies, 0o500)
  await expect(chain.take('full')).rejects.toMatchObject({ code: 'domino-directory' })
})
