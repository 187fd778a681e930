import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exchange } from '../../../uploader/engines/exchange/engine.ts'
import { writeSystemStateRecord } from '../../../uploader/engines/exchange/full/system-state-record.ts'
import { logIn, readRecord, recordOf, writeRecord } from '../../../uploader/engines/exchange/shadow/record.ts'
import { currentPath } from '../../doubles/windows/model/databases.ts'
import type { WindowsServer } from '../../doubles/windows/server.ts'
import { type Faults, killFileIn, type World } from '../../doubles/windows/world.ts'
import { BackupChain, type Hooks } from './chain.ts'
import { type Started, start } from './start.ts'

let server: WindowsServer
let chain: BackupChain
let stop: Started['stop']

beforeEach(async () => {
  ;({ server, chain, stop } = await start())
})
afterEach(() => stop())

const fault = (faults: Faults) =>
  server.change(world => {
    world.faults = faults
  })

/** Exchange is as it was before. */
function expectUntouched() {
  expect(server.truncated).toEqual({})
  expect(server.database('Sales').lastFull).toBeNull()
  expect(server.world.shadows).toEqual([])
}

/** A hook that dies at one of its steps. */
const dying = (steps: string) => [
  process.execPath,
  '-e',
  `const { argv } = process; const socket = require('net').connect(argv[1].replace('@', String.fromCharCode(0))); ${steps}`,
]
const arrives = `socket.on('connect', () => socket.write(argv[2] + String.fromCharCode(10)));`
const atOnce = dying('process.exit(1)')
const whenTold = () =>
  dying(`${arrives} setInterval(() => require('fs').existsSync('${killFileIn(server.root)}') && process.exit(1), 20)`)
const whenLetGo = dying(
  `${arrives} socket.on('data', () => socket.end('heard' + String.fromCharCode(10), () => process.exit(1)))`,
)

/** Returns when diskshadow is gone too. */
async function hookDies() {
  const found = await readRecord(chain.scratch)
  server.killHook()
  await expect.poll(() => isAlive(found!.record.pid!)).toBe(false)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false // there is no such process
  }
}

const failing = (hooks: Hooks = {}) => expect(chain.take('full', hooks)).rejects

describe('the shadow copies', () => {
  it('are tried again where a writer took too long twice, and each attempt is told', async () => {
    fault({ create: ['800423F2', '800423F2', null] })
    const { warnings } = await chain.take('full')
    expect(warnings).toEqual([
      expect.stringContaining('800423F2: a writer held still for too long'),
      expect.stringContaining('attempt 3'),
    ])
    expect(server.scripts).toHaveLength(3)
  })

  it('are tried again after all that may pass, three times at most', async () => {
    fault({ create: ['800423F3', '80042314', '80042316', null] })
    expect((await chain.take('full')).warnings).toHaveLength(3)
  })

  it('are given up after four attempts', async () => {
    fault({ create: Array(9).fill('800423F3') })
    await failing().toMatchObject({ code: 'exchange-shadow-failed', retriable: true })
    expect(server.scripts).toHaveLength(4)
    expectUntouched()
  })

  it.each(['800423F4', '80042306', '8004231F'])('are not tried again after %s', async code => {
    fault({ create: [code] })
    await failing().toMatchObject({ code: 'exchange-shadow-failed', why: expect.stringContaining(code) })
    expect(server.scripts).toHaveLength(1)
    expectUntouched()
  })

  it.each([0, 1])('that failed are noticed though diskshadow ends with %i', async exitCode => {
    fault({ create: ['800423F4'], exitCode })
    await failing().toMatchObject({ code: 'exchange-shadow-failed' })
    expectUntouched()
  })

  it('that cannot be shown are removed all the same', async () => {
    fault({ command: 'expose %failsafe2%' })
    await failing().toMatchObject({ code: 'exchange-shadow-failed' })
    expectUntouched()
  })

  it('of others are left alone', async () => {
    server.addForeignShadow('Z:')
    fault({ command: 'expose %failsafe2%' })
    await failing().toMatchObject({ code: 'exchange-shadow-failed' })
    expect(server.world.shadows.map(({ folder }) => folder)).toEqual(['foreign'])
  })
})

describe('what fails while the copies are read', () => {
  it('ends without truncation: the disk of the staging is full', async () => {
    await failing({
      before: ({ role }) => {
        if (role === 'log') throw new Error('ENOSPC')
      },
    }).toThrow('ENOSPC')
    expectUntouched()
    expect(server.journal.find(({ tool }) => tool === 'hook')).toMatchObject({ status: 1 })
  })

  it('ends without truncation: the run is stopped', async () => {
    const stop = new AbortController()
    await failing({ signal: stop.signal, before: () => stop.abort(new Error('stopped')) }).toThrow()
    expectUntouched()
  })

  it('is noticed: the hook was killed, and diskshadow ends as if all were well', async () => {
    fault({ hookKilled: true })
    await failing({ before: hookDies }).toMatchObject({
      code: expect.stringMatching(/^exchange-shadow-(lost|failed)$/),
    })
    expect(server.truncated).toEqual({})
    expect(server.world.shadows).toEqual([])
  })

  it('is noticed: a hook that dies before it is held', async () => {
    await failing({ hook: atOnce }).toMatchObject({ code: 'exchange-shadow-failed' })
    expectUntouched()
  })

  it('is noticed: a hook that dies while it is held', async () => {
    await failing({ hook: whenTold(), before: hookDies }).toMatchObject({ code: 'exchange-shadow-lost' })
    expectUntouched()
  })

  it('is told: a hook that dies after all was staged', async () => {
    const { notes } = await chain.take('full', { hook: whenTold(), upload: hookDies })
    expect(notes).toEqual([expect.stringContaining('Exchange truncated nothing of Sales')])
    expectUntouched()
  })

  it('is told: a hook that dies when it was let go', async () => {
    const { notes } = await chain.take('full', { hook: whenLetGo })
    expect(notes).toEqual([expect.stringContaining('Exchange noted no full backup of Sales')])
    expectUntouched()
  })

  it('ends without truncation: a damaged page', async () => {
    const path = server.local('E:\\Sales\\Sales.edb')
    const file = await open(path, 'r+')
    await file.write(Buffer.alloc(500, 9), 0, 500, 2 * 32_768 + 100)
    await file.close()
    // The stand-in writes the file anew with each roll, but not where logging is circular.
    server.change(world => {
      world.databases[0]!.circular = true
    })
    await failing().toMatchObject({ code: 'exchange-page-damaged' })
    expectUntouched()
  })
})

describe('a copy that could not be recovered', () => {
  it('lacks a log', async () => {
    server.change(world => {
      world.databases[0]!.depth = 5
    })
    server.write('Sales', { b: '1' }, { logs: 4 })
    server.removeFile('L:\\Sales\\E0000000006.log')
    await failing().toMatchObject({ code: 'exchange-not-recoverable', why: expect.stringMatching(/0x[56]/) })
    expectUntouched()
  })

  it('has a log whose name and number differ', async () => {
    renameSync(server.local('L:\\Sales\\E0000000004.log'), server.local('L:\\Sales\\E0000000009.log'))
    await failing().toMatchObject({ code: 'exchange-log-damaged', why: expect.stringContaining('-513') })
    expectUntouched()
  })

  it('has its first header page damaged: the second one is read, and it is told', async () => {
    server.change(world => {
      world.databases[0]!.circular = true
    })
    const file = await open(server.local('E:\\Sales\\Sales.edb'), 'r+')
    await file.write(Buffer.from('12345678'), 0, 8, 600)
    await file.close()
    expect((await chain.take('full')).warnings).toEqual([expect.stringContaining('the second one is good')])
  })

  it('has both header pages damaged', async () => {
    server.change(world => {
      world.databases[0]!.circular = true
    })
    const file = await open(server.local('E:\\Sales\\Sales.edb'), 'r+')
    for (const page of [0, 32_768]) await file.write(Buffer.from('12345678'), 0, 8, page + 600)
    await file.close()
    await failing().toMatchObject({ code: 'exchange-header-damaged' })
    expectUntouched()
  })
})

describe('the writer of Exchange', () => {
  it('that waits for the end of another backup is waited for', async () => {
    fault({ writerStates: [5, 5, 1] })
    expect((await chain.take('full')).warnings).toEqual([])
  })

  it('that goes on waiting fails the run, which has touched nothing', async () => {
    fault({ writerStates: Array(20).fill(5) })
    await failing().toMatchObject({ code: 'exchange-writer-busy' })
    expect(server.scripts).toEqual([])
    expectUntouched()
  })

  it('that failed last time is told of', async () => {
    fault({ writerStates: [9] })
    expect((await chain.take('full')).warnings).toEqual([expect.stringContaining('[9]')])
  })

  it('that is not there is an error of its own', async () => {
    server.change(world => {
      world.writers = world.writers.filter(({ name }) => name !== 'Microsoft Exchange Writer')
    })
    await failing().toMatchObject({ code: 'exchange-writer-missing', fix: expect.stringContaining('MSExchangeRepl') })
    expectUntouched()
  })
})

describe('what is refused up front', () => {
  it.each([
    ['without the rights of an administrator', (world: World) => void Object.assign(world, { elevated: false })],
    ['from a 32-bit program', (world: World) => void Object.assign(world, { process64: false })],
  ])('%s', async (_what, change) => {
    server.change(change)
    await failing().toMatchObject({ code: 'exchange-not-elevated' })
    expect(server.scripts).toEqual([])
  })

  it('by an Exchange that does not say whether a database is mounted', async () => {
    fault({ noStatus: true })
    await failing().toMatchObject({ code: 'exchange-discovery-incomplete' })
  })

  it('by a PowerShell that fails, with its words', async () => {
    fault({ powershell: 'The term Get-MailboxDatabase is not recognized' })
    await failing().toMatchObject({ code: 'exchange-powershell', why: expect.stringContaining('not recognized') })
  })

  it('an Exchange before 2016', async () => {
    server.change(world => {
      world.version = 'Version 15.0 (Build 1497.2)'
    })
    await failing().toMatchObject({ code: 'exchange-too-old' })
  })

  it('a machine that is no Windows', async () => {
    delete process.env.SystemRoot
    await failing().toMatchObject({ code: 'exchange-not-windows' })
  })
})

describe('the end of the backup', () => {
  it('that Exchange did not note is told of, and the backup stays good', async () => {
    fault({ noStamp: true })
    const { notes } = await chain.take('full')
    expect(notes).toEqual([expect.stringContaining('Exchange noted no full backup of Sales')])
  })

  it('that fails before Exchange is told is told of: nothing was truncated', async () => {
    fault({ command: 'end backup' })
    const { notes } = await chain.take('full')
    expect(notes).toEqual([expect.stringContaining('Exchange truncated nothing of Sales')])
    expectUntouched()
  })

  it('after which something fails is told of: logs are truncated, and nothing of ours is left', async () => {
    fault({ command: 'delete shadows exposed P' })
    const taken = chain.take('full', {
      upload: () => fault({ command: 'delete shadows exposed Q' }),
    })
    const { notes } = await taken
    expect(notes).toEqual([expect.stringContaining('Exchange truncated its logs, and then something failed')])
  })
})

it('shadow copies that cannot be removed after the end are an error of their own: that Exchange truncated is told all the same', async () => {
  await failing({ upload: () => fault({ stuck: true }) }).toMatchObject({
    code: 'exchange-shadow-left',
    fix: expect.stringContaining('delete shadows exposed P:'),
  })
  expect(chain.taken[0]!.notes).toEqual([expect.stringContaining('Exchange truncated its logs, and then something')])
  fault({})
  expect((await chain.recover()).notes).toHaveLength(2)
  expect(server.world.shadows).toEqual([])
})

it('an end that Exchange notes late is waited for, also where something failed behind it', async () => {
  const { notes } = await chain.take('full', {
    upload: () => fault({ command: 'delete shadows exposed P', notedLate: 3 }),
  })
  expect(notes).toEqual([expect.stringContaining('Exchange truncated its logs, and then something failed')])
})

describe('a run whose process died', () => {
  it('has its shadow copies removed by the next one, those of others are kept', async () => {
    server.addForeignShadow('Z:')
    const { volumes } = server.world
    await mkdir(chain.scratch, { recursive: true })
    await writeRecord(chain.scratch, recordOf([{ volume: volumes[2]!, alias: 'failsafe1', letter: 'P:' }], null))
    server.change(world => {
      world.shadows.push({
        id: '{aaaaaaaa-0000-0000-0000-000000000001}',
        set: '{s}',
        device: volumes[2]!.device,
        exposed: 'P:\\',
        folder: 'ours',
      })
      // Of the same volume, made by somebody else.
      world.shadows.push({
        id: '{bbbbbbbb-0000-0000-0000-000000000001}',
        set: '{t}',
        device: volumes[2]!.device,
        exposed: null,
        folder: 'theirs',
      })
    })
    mkdirSync(join(server.root, 'drives', 'P'))
    const { notes } = await chain.recover()
    expect(notes).toEqual(['The shadow copy P: of an interrupted run was removed'])
    expect(server.world.shadows.map(({ folder }) => folder)).toEqual(['foreign', 'theirs'])
    expect((await chain.recover()).notes).toEqual([])
  })

  it('has one that was made and not shown yet removed by the number that diskshadow told', async () => {
    const { volumes } = server.world
    await mkdir(chain.scratch, { recursive: true })
    await writeRecord(chain.scratch, recordOf([{ volume: volumes[2]!, alias: 'failsafe1', letter: 'P:' }], null))
    const id = '{aaaaaaaa-0000-0000-0000-000000000001}'
    const log = `Alias failsafe1 for shadow ID ${id} set as environment variable.\r\n`
    await writeFile(logIn(chain.scratch), `\uFEFF${log}`, 'utf16le')
    server.change(world => {
      world.shadows.push({ id, set: '{s}', device: volumes[2]!.device, exposed: null, folder: 'ours' })
    })
    await chain.recover()
    expect(server.world.shadows).toEqual([])
  })

  it('has its System State removed, and Windows Server Backup is told to stop where it still writes it', async () => {
    fault({ wbadmin: 'slow' })
    const program = join(server.env.SystemRoot!, 'System32', 'wbadmin.exe')
    const writes = spawn(program, ['start', 'systemstatebackup', '-backupTarget:S:', '-quiet'], { stdio: 'ignore' })
    const ended = once(writes, 'exit')
    await expect.poll(() => existsSync(server.local('S:\\WindowsImageBackup\\EX01\\MediaId'))).toBe(true)
    await mkdir(chain.scratch, { recursive: true })
    await writeSystemStateRecord(chain.scratch, { root: 'S:\\WindowsImageBackup', pid: writes.pid! })
    await chain.recover()
    expect(existsSync(server.local('S:\\WindowsImageBackup'))).toBe(false)
    expect(await ended).toEqual([4, null])
    // Once: what somebody else writes there later stays.
    mkdirSync(server.local('S:\\WindowsImageBackup'))
    await chain.recover()
    expect(existsSync(server.local('S:\\WindowsImageBackup'))).toBe(true)
  })

  it('whose System State cannot be removed says what to do', async () => {
    await mkdir(chain.scratch, { recursive: true })
    await writeFile(server.local('S:\\held'), '')
    await writeSystemStateRecord(chain.scratch, { root: 'S:\\held\\WindowsImageBackup', pid: null })
    await expect(chain.recover()).rejects.toMatchObject({
      code: 'exchange-system-state-left',
      fix: expect.stringContaining('wbadmin stop job'),
    })
  })
})

describe('a full that was committed when its run was over', () => {
  const late = () =>
    exchange.committedLate!(chain.settings, chain.taken.at(-1)!.committed, new AbortController().signal)

  it('is told of where Exchange noted no backup: its logs stay until the next full', async () => {
    server.addDatabase('Loop', { circular: true })
    server.write('Loop', { a: '1' })
    await chain.take('full', { hook: whenTold(), upload: hookDies })
    const { warnings } = await late()
    expect(warnings).toMatchObject([{ code: 'exchange-not-told', message: expect.stringContaining('--mode full') }])
    // Exchange never truncates those with circular logging.
    expect(warnings[0]!.message).toContain('backup of Sales is')
    expectUntouched()
  })

  it('is not told of where the backup was ended after all, and nor is a log', async () => {
    await chain.take('full')
    await chain.take('full')
    expect((await late()).warnings).toEqual([])
    server.write('Sales', { carl: '1' })
    await chain.take('log')
    expect((await late()).warnings).toEqual([])
  })

  it('is not told of where the database is gone by now', async () => {
    await chain.take('full', { hook: whenTold(), upload: hookDies })
    server.change(world => {
      world.databases = []
    })
    expect((await late()).warnings).toEqual([])
  })
})

describe('a commit that does not come in time', () => {
  const truncated = () => server.truncated.Sales ?? 0

  it('ends the backup with staging as the only copy; the commit comes late and all is well', async () => {
    await using slow = await BackupChain.of(server, { holdForCommit: '1s' })
    const { warnings, notes } = await slow.take('full', {
      async upload(session) {
        expect(session.advanced).toBe(false)
        await expect.poll(truncated, { timeout: 30_000 }).toBeGreaterThan(0)
        expect(session.advanced).toBe(true)
      },
    })
    expect(warnings).toEqual([expect.stringContaining('exchange-ended-early')])
    expect(notes).toEqual([])
    expect(server.world.shadows).toEqual([])
  })

  it('ends the backup, and the upload fails: the source has advanced', async () => {
    await using slow = await BackupChain.of(server, { holdForCommit: '1s' })
    let advanced: boolean | undefined
    await expect(
      slow.take('full', {
        async upload(session) {
          await expect.poll(truncated, { timeout: 30_000 }).toBeGreaterThan(0)
          advanced = session.advanced
          throw new Error('no network')
        },
      }),
    ).rejects.toThrow('no network')
    expect(advanced).toBe(true)
    expect(server.truncated.Sales).toBeGreaterThan(0)
    expect(server.world.shadows).toEqual([])
  })

  it('never ends a backup that has failed already', async () => {
    await using slow = await BackupChain.of(server, { holdForCommit: '1s' })
    await expect(
      slow.take('full', {
        upload() {
          throw new Error('no network')
        },
      }),
    ).rejects.toThrow('no network')
    await new Promise(resolve => setTimeout(resolve, 1500))
    expectUntouched()
  })
})

it('a held current log is no obstacle, and what is in the log folder besides logs neither', async () => {
  const { logFolder, base } = server.database('Sales')
  for (const name of ['E00tmp.log', 'E00res00001.jrs', 'E00res00002.jrs', 'E0100000001.log'])
    await writeFile(server.local(`${logFolder}\\${name}`), 'x')
  expect(existsSync(currentPath({ logFolder, base }, server.root))).toBe(true)
  const { files } = await chain.take('full')
  expect(files.map(({ name }) => name).filter(name => /tmp|jrs|E01/.test(name))).toEqual([])
  const inventory = await exchange.inspect(chain.settings, new AbortController().signal)
  expect(inventory.databases[0]!.closed!.count).toBe(server.closed('Sales').length)
})
