import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../../uploader/config/load.ts'
import { dominoDetector } from '../../../uploader/engines/domino/detect/detector.ts'
import { initialise } from '../../../uploader/init/init.ts'
import { assumed } from '../../../uploader/init/questions.ts'
import { NotesWorld } from '../../doubles/notes/world.ts'
import { asNobody, BackupChain } from './chain.ts'
import { smallServer } from './support.ts'

const never = () => new AbortController().signal

describe('the doctor', () => {
  it('has nothing to say of a server that can be backed up, and leaves nothing behind', async () => {
    await using world = await smallServer()
    await using chain = await BackupChain.of(world)
    expect(await chain.engine.checkRights!(chain.settings, never())).toEqual([])
    expect(await chain.engine.checkLogs!(chain.settings, 900, never())).toEqual([])
    expect(await world.violations()).toEqual([])
    expect(await chain.copies()).toEqual([])
  })

  test.each([
    ['a user that is not the server’s', 'domino-init', (world: NotesWorld) => world.set('user', '12345')],
    ['a library that is not there', 'domino-library', (world: NotesWorld) => rm(join(world.program, 'libnotes.so'))],
    ['a notes.ini that is not there', 'domino-ini', (world: NotesWorld) => rm(world.ini)],
    ['no directory for copies', 'domino-directory', (world: NotesWorld) => rm(world.copies, { recursive: true })],
  ])('finds %s', async (_, code, happen) => {
    await using world = await smallServer()
    await happen(world)
    await using chain = await BackupChain.of(world)
    const findings = await chain.engine.checkRights!(chain.settings, never())
    expect(findings).toMatchObject([{ code, grave: true }])
    expect(findings[0]!.fix).not.toBe('')
  })

  it('finds a directory that the helper may not write into', async () => {
    await using world = await smallServer({ ofNobody: true })
    await using chain = await BackupChain.of(world, {}, { options: asNobody })
    await chmod(world.copies, 0o500)
    expect(await chain.engine.checkRights!(chain.settings, never())).toMatchObject([
      { code: 'domino-directory', grave: true },
    ])
  })

  it('tells of attachments that are elsewhere, and of extents that wait for too long', async () => {
    await using world = await smallServer({ daos: true, ini: ['DAOS_T2_Enable=1'] })
    for (let n = 1; n <= 100; n++) {
      const name = String(n).padStart(10, '0')
      await writeFile(join(world.root, 'log/waiting', name), `${world.root}/txn/S${name}.TXN\n`)
    }
    await using chain = await BackupChain.of(world)
    const codes = (await chain.engine.checkRights!(chain.settings, never())).map(({ code, grave }) => [code, grave])
    expect(codes).toEqual([
      ['domino-extents-waiting', false],
      ['domino-object-store', false],
    ])
  })

  test.each(['circular', 'linear', 'off'] as const)(
    'says that log runs of a server whose log is %s are fulls',
    async style => {
      await using world = await smallServer({ style })
      await using chain = await BackupChain.of(world)
      expect(await chain.engine.checkLogs!(chain.settings, 900, never())).toMatchObject([
        { code: 'domino-log-style', grave: true },
      ])
    },
  )
})

describe('init', () => {
  it('describes a server by its notes.ini, with what has to be run before', async () => {
    await using world = await NotesWorld.make({ ini: ['TRANSLOG_Style=1'] })
    expect(await dominoDetector.detectAt('127.0.0.1:3306', never())).toBeUndefined()
    const detected = (await dominoDetector.detectAt(world.ini, never()))!
    expect(detected).toMatchObject({
      engine: 'domino',
      what: `Domino mail01 in ${world.data}`,
      name: 'mail01',
      settings: { ini: world.ini, directory: '/var/lib/failsafe-domino' },
      withoutAccount: { logs: true },
    })
    expect(detected.withoutAccount!.statements).toEqual([
      expect.stringMatching(/^install -d -m 0700 .*\/var\/lib\/failsafe-domino$/),
    ])
    expect(await dominoDetector.isConfigured(detected, { ini: world.ini, directory: '/x' }, never())).toBe(true)
    expect(await dominoDetector.isConfigured(detected, { ini: '/other/notes.ini', directory: '/x' }, never())).toBe(
      false,
    )
  })

  it('writes an entry without an account, with log runs where the log is archived, and once', async () => {
    await using world = await NotesWorld.make({ ini: ['TRANSLOG_Style=1'] })
    const path = join(world.root, 'etc/failsafe.yaml')
    const said: string[] = []
    const setup = (text: string) => ({
      config: parseConfig(text, path, world.root),
      detectors: [dominoDetector],
      questions: assumed,
      address: world.ini,
      name: undefined,
      administrator: { user: 'root', password: undefined },
      account: 'failsafe',
      timeZone: 'Europe/Berlin',
      platform: process.platform,
      signal: never(),
      say: (line: string) => said.push(line),
    })
    const [added] = await initialise(setup(''))
    expect(added).toMatchObject({ name: 'mail01', statements: [expect.stringContaining('install -d')] })
    const text = await readFile(path, 'utf8')
    expect(parse(text)).toEqual({
      sources: {
        mail01: {
          engine: 'domino',
          ini: world.ini,
          directory: '/var/lib/failsafe-domino',
          schedule: { full: '0 2 * * *', log: '*/15 * * * *', timeZone: 'Europe/Berlin' },
        },
      },
    })
    expect(await initialise(setup(text))).toEqual([])
    expect(said).toEqual([expect.stringContaining('is mail01')])
  })

  it('does not take a client for a server', async () => {
    await using world = await NotesWorld.make()
    await writeFile(world.ini, `[Notes]\nDirectory=${world.data}\nNotesProgram=${world.program}\n`)
    expect(await dominoDetector.detectAt(world.ini, never())).toBeUndefined()
  })

  it('leaves the name of the user out where failsafe runs as that one', async () => {
    await using world = await NotesWorld.make()
    const detected = await dominoDetector.detectAt(world.ini, never())
    expect(detected!.settings!.user).toBeUndefined()
    await using other = await NotesWorld.make({ ofNobody: process.getuid?.() === 0 })
    const ofOther = await dominoDetector.detectAt(other.ini, never())
    expect(ofOther!.settings!.user).toBe(process.getuid?.() === 0 ? 'nobody' : undefined)
  })
})

test('the service is allowed what the helper needs, and no more', async () => {
  await using world = await NotesWorld.make()
  await using chain = await BackupChain.of(world)
  const { settings, engine } = chain
  expect(await engine.serviceNeeds!(settings)).toEqual({
    writable: [world.copies, world.data, join(world.root, 'txn'), undefined],
    sharesTemporary: true,
  })
  const asNotes = await engine.serviceNeeds!({ ...settings, user: 'notes' })
  expect(asNotes.capabilities).toContain('CAP_SETUID')
  expect(asNotes.root).toContain('as notes')
})
