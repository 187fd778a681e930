import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exchange } from '../../../uploader/engines/exchange/engine.ts'
import { parseTarget } from '../../../uploader/engines/exchange/restore/apply.ts'
import { jetCode } from '../../../uploader/engines/exchange/restore/eseutil.ts'
import { contentOf, type WindowsServer } from '../../doubles/windows/server.ts'
import type { BackupChain } from './chain.ts'
import { type Started, start } from './start.ts'

let server: WindowsServer
let chain: BackupChain
let stop: Started['stop']
let to: string

beforeEach(async () => {
  ;({ server, chain, stop } = await start({ sales: { edb: "E:\\Anna's\\Sales.edb" } }))
  await chain.take('full')
  to = await mkdtemp(join(tmpdir(), 'failsafe-rdb-'))
})
afterEach(async () => {
  await rm(to, { recursive: true })
  await stop()
})

const eseutil = () => server.journal.filter(({ tool }) => tool === 'eseutil')
const fault = (...codes: number[]) =>
  server.change(world => {
    world.faults.eseutil = codes
  })

async function logRun() {
  server.write('Sales', { bert: 'later' }, { logs: 2 })
  await chain.take('log')
}

describe('a restore', () => {
  it('of a full alone is recovered with its current log, without /a', async () => {
    const { notes } = await chain.restore(to)
    expect(eseutil().map(({ code }) => code)).toEqual([0])
    expect(notes[0]).toBe(`Sales is recovered to log 0x6, clean, in ${to}/Sales/db`)
  })

  it('of closed logs ends with -528, and is tried again with /a', async () => {
    await logRun()
    const { notes } = await chain.restore(to)
    expect(eseutil().map(({ code, argv }) => [code, argv.includes('/a')])).toEqual([
      [-528, false],
      [0, true],
    ])
    expect(notes[0]).toContain('Sales is recovered to log 0x7, the last closed one, clean')
    expect(JSON.parse(contentOf(await readFile(join(to, 'Sales/db/Sales.edb'))))).toEqual(
      server.database('Sales').content,
    )
  })

  it.each([
    [-550, 'not shut down cleanly'],
    [-530, 'of another stream'],
    [-1018, 'a page is damaged'],
  ])('that ends with %i fails, and leaves nothing behind', async (code, meaning) => {
    fault(code)
    await expect(chain.restore(to)).rejects.toMatchObject({
      code: 'exchange-recovery-failed',
      why: expect.stringContaining(meaning),
    })
    expect(eseutil()).toHaveLength(1)
  })

  it('never goes over what is there', async () => {
    await mkdir(join(to, 'Sales'))
    await writeFile(join(to, 'Sales', 'keep'), 'x')
    await expect(chain.restore(to)).rejects.toMatchObject({ code: 'restore-exists' })
    expect(await readFile(join(to, 'Sales', 'keep'), 'utf8')).toBe('x')
  })

  it('is checked before eseutil touches it', async () => {
    const input = chain.inputOf({ kind: 'latest' })
    const log = input.files.find(({ attributes }) => attributes.generation === '0x4')!
    await rm(join(chain.directory, log.name))
    await expect(chain.restore(to)).rejects.toThrow()
    expect(eseutil()).toEqual([])
  })

  it('is told of as it goes, within a file too, and one that is stopped in the middle of one ends there and leaves nothing', async () => {
    const size = 64 * 1024 * 1024
    const input = chain.inputOf({ kind: 'latest' })
    const edb = input.files.find(({ role }) => role === 'database')!
    await truncate(join(chain.directory, edb.name), size)
    const files = input.files.map(file => (file === edb ? { ...file, size } : file))
    const stop = new AbortController()
    const told: number[] = []
    let total = 0
    await expect(
      exchange.restore(
        { ...input, files, apply: { target: `file://${to}` } },
        {
          signal: stop.signal,
          concurrency: 1,
          warn() {},
          progress(done, all) {
            told.push(done)
            total = all
            if (done > size / 2) stop.abort(new Error('stopped'))
          },
          now: () => new Date(),
        },
      ),
    ).rejects.toThrow('stopped')
    expect(told.at(-1)).toBeLessThan(total * 0.75)
    expect(told.length).toBeGreaterThan(20)
    expect(eseutil()).toEqual([])
    expect(await readdir(to)).toEqual([])
  })

  it('on a machine without Exchange says what to do', async () => {
    delete process.env.ExchangeInstallPath
    await expect(chain.restore(to)).rejects.toMatchObject({ code: 'exchange-eseutil-missing' })
  })

  it('of logs alone, or to a place in a log, is refused', async () => {
    const input = chain.inputOf({ kind: 'latest' })
    const context = {
      signal: new AbortController().signal,
      concurrency: 1,
      warn() {},
      progress() {},
      now: () => new Date(),
    }
    const files = input.files.filter(({ role }) => role !== 'database')
    await expect(
      exchange.restore({ ...input, files, apply: { target: `file://${to}` } }, context),
    ).rejects.toMatchObject({
      code: 'restore-empty',
    })
    await expect(exchange.restore({ ...input, before: '0x7' }, context)).rejects.toMatchObject({
      code: 'restore-before',
    })
  })
})

describe('a restore of two databases', () => {
  beforeEach(async () => {
    server.addDatabase('Other')
    server.write('Other', { b: '2' }, { logs: 2 })
    await chain.take('full')
  })
  const names = () => readdir(to).then(found => found.sort())

  it.each([
    ['first', 'Sales', 'Other', [-1018]],
    ['second', 'Other', 'Sales', [0, -1018]],
  ])(
    'of which the %s fails leaves nothing of that one, does the other, says both, and goes on where it was left',
    async (_which, fails, done, codes) => {
      fault(...codes)
      const error = await chain.restore(to).catch(failure => failure)
      expect(error).toMatchObject({
        code: 'exchange-not-all-recovered',
        message: `Not all databases could be recovered: ${fails} could not`,
        why: expect.stringContaining('a page is damaged'),
        fix: expect.stringMatching(`same target, with another directory for --to.*: ${done} is recovered to log`),
      })
      expect(await names()).toEqual([done])
      const made = await stat(join(to, done, 'db', `${done}.edb`))
      const before = eseutil().length
      const { notes } = await chain.restore(to)
      expect(notes).toEqual(
        expect.arrayContaining([
          expect.stringContaining(`${done} was recovered before`),
          expect.stringContaining(`${fails} is recovered to log`),
        ]),
      )
      expect(eseutil()).toHaveLength(before + 1)
      expect(await names()).toEqual(['Other', 'Sales'])
      expect(await stat(join(to, done, 'db', `${done}.edb`))).toEqual(made)
    },
  )

  it('is not gone on with where another state is wanted, or where one was interrupted in the middle', async () => {
    fault(0, -1018)
    await expect(chain.restore(to)).rejects.toMatchObject({ code: 'exchange-not-all-recovered' })
    server.write('Sales', { later: '1' })
    await chain.take('log')
    await expect(chain.restore(to)).rejects.toMatchObject({
      code: 'restore-exists',
      message: `${to}/Sales exists already`,
    })
    await writeFile(join(to, 'Sales', 'failsafe-restore.json'), JSON.stringify({ of: 'x', state: 'begun' }))
    await expect(chain.restore(to)).rejects.toMatchObject({
      code: 'restore-exists',
      message: `${to}/Sales holds what an interrupted restore has begun`,
      fix: expect.stringContaining('remove that folder'),
    })
    expect(await names()).toEqual(['Sales'])
  })
})

it.each([
  [{ code: 4_294_966_746, stdout: '' }, -550],
  [{ code: 240, stdout: 'Operation terminated with error -528 (JET_errMissingLogFile, ...) after 1.2 seconds.' }, -528],
  [{ code: 0, stdout: '' }, 0],
  [{ code: 1, stdout: 'usage' }, 1],
])('what eseutil ends with, %j, is %i', (said, code) => expect(jetCode(said)).toBe(code))

it.each(['mysql://host', 'file://host/x', 'file:///', 'R:\\RDB'])('the target %s is refused', target => {
  expect(() => parseTarget(target)).toThrow('The target is not a directory')
})

it('the runbook has the real names, numbers and paths, quoted as PowerShell takes them', async () => {
  await logRun()
  const input = chain.inputOf({ kind: 'latest' })
  const context = {
    signal: new AbortController().signal,
    concurrency: 1,
    warn() {},
    progress() {},
    now: () => new Date(),
  }
  const { runbook, applied } = await exchange.restore(input, context)
  expect(applied).toBe(false)
  expect(runbook).toContain('Restore of Exchange 15.2.1544.4')
  expect(runbook).toContain('logs 0x1 to 0x7, of which it requires')
  expect(runbook).toContain("eseutil /r E00 /l'R:\\RDB\\Sales\\log' /s'R:\\RDB\\Sales\\log' /d'R:\\RDB\\Sales\\db'")
  expect(runbook).toContain('New-MailboxDatabase -Recovery -Name RDB1')
  expect(runbook).toContain("Move-Item 'E:\\Anna''s\\Sales.edb' 'E:\\Anna''s\\Sales.edb.before'")
  // The current log of the full is superseded by a closed one of its number.
  expect(runbook).not.toContain('\\current')
  expect(runbook).toContain('no System State is in here')
})
