import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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
