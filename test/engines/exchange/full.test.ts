import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseDatabaseHeader } from '../../../uploader/engines/exchange/ese/database-header.ts'
import { exchangeState, listWriters } from '../../../uploader/engines/exchange/windows/writers.ts'
import { contentOf, volume, type WindowsServer } from '../../doubles/windows/server.ts'
import type { World } from '../../doubles/windows/world.ts'
import { BackupChain } from './chain.ts'
import { type Started, start } from './start.ts'

let server: WindowsServer
let chain: BackupChain
let stop: Started['stop']

async function startWith(...options: Parameters<typeof start>) {
  ;({ server, chain, stop } = await start(...options))
}

afterEach(() => stop())

/** What there is of ours on the server. */
function expectClean() {
  expect(server.world.shadows.filter(({ folder }) => folder !== 'foreign')).toEqual([])
}

describe('a full backup', () => {
  beforeEach(() => startWith())

  it('holds the database, its logs and its checkpoint, and Exchange truncates when it is committed', async () => {
    const before = server.closed('Sales')
    let held: Record<string, number> = { not: 1 }
    const { files, committed, warnings, notes, document } = await chain.take('full', {
      upload: () => {
        held = server.truncated
      },
    })
    expect(held).toEqual({})
    expect(warnings).toEqual([])
    expect(notes).toEqual([])
    expect(files.map(({ name }) => name.split('/').slice(1).join('/'))).toEqual([
      'vss/exch.cab',
      'Sales/Sales.edb',
      ...[...before, before.at(-1)! + 1].map(
        generation => `Sales/logs/E00${generation.toString(16).padStart(8, '0')}.log`,
      ),
      'Sales/current/E00.log',
      'Sales/current/E00.chk',
      'exchange.json',
    ])
    const [entry] = committed.units
    expect(entry).toMatchObject({ unit: 'Sales', kind: 'full', to: { at: '00000005' } })
    expect(server.truncated.Sales).toBeGreaterThan(0)
    expect(server.database('Sales').lastFull).not.toBeNull()
    expect(document).toMatchObject({ engine: 'exchange', server: 'EX01', version: '15.2.1544.4' })
    expectClean()
  })

  it('is recovered to what the server had', async () => {
    const { files } = await chain.take('full')
    const edb = files.find(({ role }) => role === 'database')!
    const bytes = await readFile(join(chain.directory, edb.name))
    expect(parseDatabaseHeader(bytes, 'x').header.state).toBe('Dirty Shutdown')
    expect(contentOf(bytes)).not.toContain('bert')
    const to = await mkdtemp(join(tmpdir(), 'failsafe-rdb-'))
    const { notes, applied } = await chain.restore(to)
    expect(applied).toBe(true)
    expect(notes[0]).toContain('Sales is recovered to log 0x6, clean')
    const recovered = await readFile(join(to, 'Sales/db/Sales.edb'))
    expect(JSON.parse(contentOf(recovered))).toEqual(server.database('Sales').content)
    await rm(to, { recursive: true })
  })

  it('gives diskshadow the very script that is documented', async () => {
    await chain.take('full')
    const { scratch } = chain
    const [script] = server.scripts
    expect(script).toBe(
      [
        'set verbose on',
        'set context persistent',
        `set metadata ${scratch}/exch.cab`,
        'writer exclude {e8132975-6f93-4464-a53e-1050253ae220}',
        'writer exclude {afbab4a2-367d-4d15-a586-71dbb18f8485}',
        'writer exclude {a65faa63-5ea8-4ebc-9dbd-a0c4db26912a}',
        'writer verify {76fe1ac4-15f7-4bcd-987e-8e1acb462fb7}',
        'writer verify "Microsoft Exchange Writer:\\Microsoft Exchange Server\\Microsoft Information Store\\EX01\\11111111-aaaa-bbbb-cccc-dddddddddddd"',
        'begin backup',
        'add volume E: alias failsafe1',
        'add volume L: alias failsafe2',
        'create',
        'expose %failsafe1% P:',
        'expose %failsafe2% Q:',
        `exec ${scratch}/hook.cmd`,
        'end backup',
        'delete shadows exposed P:',
        'delete shadows exposed Q:',
        'exit',
        '',
      ].join('\r\n'),
    )
  })

  it('takes letters that nobody uses', async () => {
    server.change(world => world.otherLetters.push('P:', 'R:'))
    server.addForeignShadow('Q:')
    await chain.take('full')
    expect(server.scripts[0]).toContain('expose %failsafe1% T:')
    expect(server.world.shadows.map(({ folder }) => folder)).toEqual(['foreign'])
  })

  it('truncates nothing of a database on the same volumes that is not chosen', async () => {
    server.addDatabase('Other')
    server.write('Other', { x: 'y' }, { logs: 5 })
    await using chosen = await BackupChain.of(server, { include: ['Sales'] })
    const { committed } = await chosen.take('full')
    expect(committed.units.map(({ unit }) => unit)).toEqual(['Sales'])
    expect(server.scripts[0]).toContain(
      'writer exclude "Microsoft Exchange Writer:\\Microsoft Exchange Server\\Microsoft Information Store\\EX01\\22222222-aaaa-bbbb-cccc-dddddddddddd"',
    )
    expect(server.truncated).not.toHaveProperty('Other')
  })

  it('leaves out, and says so, what is dismounted; recovery databases quietly', async () => {
    server.addDatabase('Down', { mounted: false, copyStatus: 'Dismounted' })
    server.addDatabase('RDB', { recovery: true })
    const { warnings, committed, document } = await chain.take('full')
    expect(warnings).toEqual(['database-left-out: Down: it is dismounted'])
    expect(committed.units.map(({ unit }) => unit)).toEqual(['Sales'])
    expect(document.databases.map(({ name, result }: any) => `${name} ${result}`)).toEqual([
      'Sales backed-up',
      'Down left-out',
      'RDB left-out',
    ])
  })

  it('understands a PowerShell that writes an array of one as its element', async () => {
    server.change(world => {
      world.faults.single = true
    })
    expect((await chain.take('full')).committed.units).toHaveLength(1)
    server.change(world => {
      world.databases = []
    })
    await expect(chain.take('full')).rejects.toMatchObject({ code: 'exchange-nothing-to-back-up' })
  })

  it.each(['de', 'ja'] as const)('understands vssadmin in the language %s', async culture => {
    server.change(world => {
      world.culture = culture
    })
    const writers = await listWriters(new AbortController().signal)
    expect(writers).toHaveLength(4)
    expect(exchangeState(writers)).toBe(1)
  })

  it('of a circular database has its current log, and truncates nothing', async () => {
    server.addDatabase('Loop', { circular: true })
    server.write('Loop', { a: '1' }, { logs: 4 })
    server.write('Loop', { b: '2' }, { logs: 0 })
    const { committed } = await chain.take('full')
    expect(committed.units.find(({ unit }) => unit === 'Loop')!.info).toMatchObject({ circular: 'true' })
    expect(server.truncated.Loop).toBe(0)
    const to = await mkdtemp(join(tmpdir(), 'failsafe-rdb-'))
    await chain.restore(to)
    expect(JSON.parse(contentOf(await readFile(join(to, 'Loop/db/Loop.edb'))))).toEqual(server.database('Loop').content)
    await rm(to, { recursive: true })
  })
})

it('database and logs on mounted folders: each volume once, by its device, and none that is only named alike', async () => {
  await startWith({
    world: ({ volumes }) => void volumes.push(volume('C:\\mnt\\db1\\', 5), volume('C:\\mnt\\db10\\', 6)),
  })
  server.addDatabase('Mounted', { edb: 'C:\\mnt\\db1\\Mounted.edb', logFolder: 'C:\\mnt\\db10\\logs' })
  server.write('Mounted', { k: 'v' }, { logs: 2 })
  await using chosen = await BackupChain.of(server, { include: ['Mounted'] })
  await chosen.take('full')
  const added = server.scripts[0]!.split('\r\n').filter(line => line.startsWith('add volume'))
  expect(added).toEqual([
    'add volume \\\\?\\Volume{55555555-0000-0000-0000-000000000000}\\ alias failsafe1',
    'add volume \\\\?\\Volume{66666666-0000-0000-0000-000000000000}\\ alias failsafe2',
  ])
})

describe('the System State', () => {
  it('is written by Windows Server Backup to a volume of its own, sealed, and removed there', async () => {
    await startWith({ settings: { systemState: { target: 'S:' } } })
    const { files, committed, warnings, document } = await chain.take('full')
    const state = files.filter(({ role }) => role === 'system-state')
    expect(state.map(({ name }) => name.split('/').at(-1))).toEqual(
      expect.arrayContaining(['MediaId', 'GlobalCatalog', 'c.vhdx', 'Components.xml']),
    )
    expect(state[0]!.name).toMatch(/system-state\/WindowsImageBackup\/EX01\//)
    expect(await readdir(server.local('S:\\'))).toEqual([])
    expect(committed.units[0]).toMatchObject({ unit: 'System State:', kind: 'full' })
    // A member server: Active Directory is not in it.
    expect(warnings).toEqual([expect.stringContaining('active-directory-elsewhere')])
    expect(document.activeDirectory).toContain('not here')
  })

  it('of a domain controller holds Active Directory', async () => {
    await startWith({
      world: world => void Object.assign(world, { domainRole: 5 }),
      settings: { systemState: { target: 'S:' } },
    })
    const { warnings, document } = await chain.take('full')
    expect(warnings).toEqual([])
    expect(document.activeDirectory).toBe('in the System State')
  })

  it('goes to a folder of its own on a share, whose last version of another run is not overwritten', async () => {
    await startWith({ settings: { systemState: { target: '\\\\nas\\backup' } } })
    await chain.take('full')
    await chain.take('full')
    const targets = server.journal.flatMap(({ tool, argv }) =>
      tool === 'wbadmin' && argv[0] === 'start' ? [argv[2]] : [],
    )
    expect(targets).toEqual([
      '-backupTarget:\\\\nas\\backup\\failsafe-run',
      '-backupTarget:\\\\nas\\backup\\failsafe-run',
    ])
    expect(await readdir(server.local('\\\\nas\\backup'))).toEqual([])
  })

  it.each([
    ['of Windows itself', { target: 'C:' }, () => {}, 'exchange-system-state-source'],
    [
      'without Windows Server Backup',
      { target: 'S:' },
      (world: World) => void Object.assign(world, { serverBackup: false }),
      'exchange-system-state-feature',
    ],
    [
      'where it fails',
      { target: 'S:' },
      (world: World) => void Object.assign(world.faults, { wbadmin: 'fails' }),
      'exchange-system-state-failed',
    ],
    [
      'where it writes no image',
      { target: 'S:' },
      (world: World) => void Object.assign(world.faults, { wbadmin: 'no-image' }),
      'exchange-system-state-failed',
    ],
  ])('to a volume %s fails before anything is frozen', async (_what, systemState, change, code) => {
    await startWith({ world: change, settings: { systemState } })
    await expect(chain.take('full')).rejects.toMatchObject({ code })
    expect(server.scripts).toEqual([])
    expect(await readdir(server.local('S:\\'))).toEqual([])
  })

  it('is removed once: what somebody else writes there while the upload goes on stays', async () => {
    await startWith({ settings: { systemState: { target: 'S:' } } })
    const other = server.local('S:\\WindowsImageBackup\\EX02')
    await chain.take('full', { upload: async () => void (await mkdir(other, { recursive: true })) })
    await chain.recover()
    expect(await readdir(server.local('S:\\WindowsImageBackup'))).toEqual(['EX02'])
  })

  it('of a run that is stopped while it is written: Windows Server Backup is told so, and it is removed', async () => {
    await startWith({
      world: world => void Object.assign(world.faults, { wbadmin: 'slow' }),
      settings: { systemState: { target: 'S:' } },
    })
    const stop = new AbortController()
    const taken = chain.take('full', { signal: stop.signal })
    taken.catch(() => {}) // looked at below
    await expect.poll(() => existsSync(server.local('S:\\WindowsImageBackup\\EX01\\MediaId'))).toBe(true)
    stop.abort(new Error('stopped'))
    await expect(taken).rejects.toThrow('stopped')
    expect(server.journal.at(-1)).toMatchObject({ tool: 'wbadmin', argv: ['stop', 'job', '-quiet'] })
    expect(await readdir(server.local('S:\\'))).toEqual([])
  })

  it('never goes where somebody else’s is', async () => {
    await startWith({ settings: { systemState: { target: 'S:' } } })
    await mkdir(server.local('S:\\WindowsImageBackup\\EX01'), { recursive: true })
    await expect(chain.take('full')).rejects.toMatchObject({ code: 'exchange-system-state-occupied' })
    expect(await readdir(server.local('S:\\'))).toEqual(['WindowsImageBackup'])
  })
})

it('docs/how-backup-is-done.md has the steps that runs show', async () => {
  await startWith({ settings: { systemState: { target: 'S:' } } })
  const text = await readFile(join(import.meta.dirname, '../../../docs/how-backup-is-done.md'), 'utf8')
  const [, page] = text.split('## Microsoft Exchange')
  const told = [...page!.split('\n## ')[0]!.matchAll(/^\d\. \*\*(.+?)\.?\*\*/gm)].map(([, step]) => step)
  const full = (await chain.take('full')).plan.steps
  server.write('Sales', { more: 'mail' })
  const log = (await chain.take('log')).plan.steps
  const plain = (step: string) =>
    step.replace(' to S:', ' to a volume or share of its own').replace('the volumes of 1 database', 'the volumes')
  expect([...full, ...log].map(plain)).toEqual(told)
})
