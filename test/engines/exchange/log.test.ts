import { mkdir, mkdtemp, open, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hex } from '../../../uploader/engines/exchange/ese/log-name.ts'
import { readDatabaseHeader, readLogHeader } from '../../../uploader/engines/exchange/ese/read.ts'
import { whenFree } from '../../../uploader/engines/exchange/log/when-free.ts'
import { PromotionNeeded } from '../../../uploader/engines/promotion-needed.ts'
import { contentOf, type WindowsServer } from '../../doubles/windows/server.ts'
import { times } from '../../support/counts.ts'
import { BackupChain } from './chain.ts'
import { type Started, start } from './start.ts'

let server: WindowsServer
let chain: BackupChain
let stop: Started['stop']

beforeEach(async () => {
  ;({ server, chain, stop } = await start())
})
afterEach(() => stop())

const generations = (files: { attributes: Record<string, string> }[]) =>
  files.flatMap(({ attributes }) => (attributes.generation === undefined ? [] : [attributes.generation]))

async function recovered(name: string): Promise<Record<string, string>> {
  const to = await mkdtemp(join(tmpdir(), 'failsafe-rdb-'))
  try {
    await chain.restore(to)
    return JSON.parse(contentOf(await readFile(join(to, `${name}/db/${name}.edb`))))
  } finally {
    await rm(to, { recursive: true })
  }
}

describe('a log run', () => {
  it('holds the closed logs that are new, truncates nothing, and the next one goes on from there', async () => {
    const full = await chain.take('full')
    const truncated = server.truncated.Sales
    expect(full.committed.units[0]!.to.at).toBe('00000005')
    server.write('Sales', { bert: '1' }, { logs: 2 })
    const first = await chain.take('log')
    expect(first.plan).toMatchObject({ kind: 'log', promoted: null, expectedBytes: 2 * 1024 * 1024 })
    expect(generations(first.files)).toEqual(['0x6', '0x7'])
    expect(first.committed.units[0]).toMatchObject({
      kind: 'log',
      base: null,
      from: { at: '00000005' },
      to: { at: '00000007' },
    })
    server.write('Sales', { carl: '2' }, { logs: 1 })
    const second = await chain.take('log')
    expect(generations(second.files)).toEqual(['0x8'])
    expect(second.committed.units[0]!.from).toEqual(first.committed.units[0]!.to)
    expect(server.truncated.Sales).toBe(truncated)
    expect(server.scripts).toHaveLength(1)
  })

  it('with nothing new is a success that says where the database stands', async () => {
    await chain.take('full')
    const { committed, warnings, files } = await chain.take('log')
    expect(warnings).toEqual([])
    expect(files.map(({ name }) => name.split('/').at(-1))).toEqual(['exchange.json'])
    expect(committed.units[0]).toMatchObject({ from: { at: '00000005' }, to: { at: '00000005' } })
    server.write('Sales', { bert: '1' })
    expect(generations((await chain.take('log')).files)).toEqual(['0x6'])
  })

  it('becomes a full where there is none to go on from', async () => {
    expect((await chain.take('log')).plan).toMatchObject({ kind: 'full', promoted: { code: 'NO_BASE' } })
    server.addDatabase('New')
    server.write('New', { a: 'b' })
    const { plan } = await chain.take('log')
    expect(plan.promoted).toMatchObject({ code: 'NO_BASE', reason: expect.stringContaining('New: there is no full') })
  })

  it('becomes a full where logs were truncated by somebody else', async () => {
    await chain.take('full')
    server.write('Sales', { bert: '1' }, { logs: 6 })
    for (const generation of server.closed('Sales').filter(each => each < 9))
      server.removeFile(`L:\\Sales\\E00${generation.toString(16).padStart(8, '0')}.log`)
    const { plan } = await chain.take('log')
    expect(plan.promoted).toMatchObject({
      code: 'GAP',
      reason: expect.stringContaining('begin at 0x9 and were backed up to 0x5'),
    })
  })

  it('becomes a full where a log is missing in between, and both numbers are told', async () => {
    await chain.take('full')
    server.write('Sales', { bert: '1' }, { logs: 6 })
    server.removeFile('L:\\Sales\\E0000000008.log')
    const needed = await chain.take('log').catch(error => error)
    expect(needed).toBeInstanceOf(PromotionNeeded)
    expect(needed.promotion).toMatchObject({ code: 'GAP', reason: expect.stringMatching(/0x8 is missing, and 0x9/) })
  })

  it('becomes a full where the database was repaired: other signature, numbers from 1 again', async () => {
    await chain.take('full')
    server.newStream('Sales')
    server.write('Sales', { bert: '1' }, { logs: 2 })
    expect((await chain.take('log')).plan.promoted).toMatchObject({ code: 'OTHER_STREAM' })
  })

  it('becomes a full where the numbers begin again under the same signature', async () => {
    await chain.take('full')
    server.newStream('Sales', { samesignature: true })
    server.write('Sales', { bert: '1' }, { logs: 2 })
    expect((await chain.take('log')).plan.promoted).toMatchObject({ code: 'OTHER_STREAM' })
  })

  it('notices another log under the number of the last one, by its creation time', async () => {
    await chain.take('full')
    server.newStream('Sales', { samesignature: true })
    server.write('Sales', { bert: '1' }, { logs: 8 })
    const needed = await chain.take('log').catch(error => error)
    expect(needed.promotion).toMatchObject({
      code: 'OTHER_STREAM',
      reason: expect.stringContaining('0x5 is another one'),
    })
  })

  it('of a database that was removed and made anew becomes a full', async () => {
    await chain.take('full')
    server.change(world => {
      world.databases[0]!.guid = '99999999-aaaa-bbbb-cccc-dddddddddddd'
    })
    expect((await chain.take('log')).plan.promoted).toMatchObject({ code: 'REPLACED' })
  })

  it('refuses a log whose name and number differ', async () => {
    await chain.take('full')
    server.write('Sales', { bert: '1' }, { logs: 2 })
    const wrong = await readFile(server.local('L:\\Sales\\E0000000007.log'))
    await writeFile(server.local('L:\\Sales\\E0000000008.log'), wrong)
    server.change(world => {
      world.databases[0]!.generation = 9
    })
    const { files, warnings } = await chain.take('log')
    expect(generations(files)).toEqual(['0x6', '0x7'])
    expect(warnings).toEqual([expect.stringMatching(/^exchange-log-damaged: Sales is backed up to log 0x7 .*-513/)])
    await expect(chain.take('log')).rejects.toMatchObject({ code: 'exchange-log-damaged' })
  })

  it('refuses a log that changes while it is read', async () => {
    await chain.take('full')
    server.write('Sales', { bert: '1' }, { logs: 1 })
    await expect(
      chain.take('log', {
        before: async ({ role }) => {
          if (role === 'log') await utimes(server.local('L:\\Sales\\E0000000006.log'), 1, 1)
        },
      }),
    ).rejects.toMatchObject({ code: 'exchange-file-changed', retriable: true })
  })

  it('says where a database stands that is dismounted meanwhile, and goes on when it is back', async () => {
    server.addDatabase('Other')
    server.write('Other', { a: 'b' }, { logs: 2 })
    await chain.take('full')
    server.change(world => {
      world.databases[0]!.mounted = false
    })
    const { warnings, committed } = await chain.take('log')
    expect(warnings).toEqual(['database-left-out: Sales: it is dismounted'])
    expect(committed.units.map(({ unit }) => unit)).toEqual(['Sales', 'Other'])
    server.change(world => {
      world.databases[0]!.mounted = true
    })
    server.write('Sales', { bert: '1' })
    expect(generations((await chain.take('log')).files)).toEqual(['0x6'])
  })
})

describe('a closed log with a damaged header', () => {
  const file = (generation: number) => `L:\\Sales\\E00${generation.toString(16).padStart(8, '0').toUpperCase()}.log`
  const damage = async (generation: number) => {
    const log = await open(server.local(file(generation)), 'r+')
    await log.write(Buffer.from('12345678'), 0, 8, 600)
    await log.close()
  }
  const unitsOf = ({ committed }: { committed: { units: { unit: string }[] } }) =>
    committed.units.map(({ unit }) => unit)

  beforeEach(() => {
    server.addDatabase('Other')
    server.write('Other', { a: '1' })
  })

  it('that is the newest one is its database’s failure alone: what is before it is backed up, and the others go on', async () => {
    await chain.take('full')
    for (const name of ['Sales', 'Other']) server.write(name, { bert: '1' }, { logs: 2 })
    await damage(7)
    const { plan, files, warnings, committed, document } = await chain.take('log')
    expect(plan).toMatchObject({ kind: 'log', promoted: null })
    expect(generations(files)).toEqual(['0x6', '0x3', '0x4'])
    expect(warnings).toEqual([
      expect.stringContaining(
        `exchange-log-damaged: Sales is backed up to log 0x6 only: The transaction log ${file(7)}`,
      ),
    ])
    expect(committed.units.map(({ to }) => to.at)).toEqual(['00000006', '00000004'])
    expect(document.databases[0]).toMatchObject({ name: 'Sales', to: '0x6', stopped: expect.stringContaining(file(7)) })
    server.write('Other', { carl: '1' })
    expect(generations((await chain.take('log')).files)).toEqual(['0x5'])
  })

  it('that was backed up already is told of, and nothing stops', async () => {
    await chain.take('full')
    await damage(5)
    server.write('Other', { bert: '1' })
    const { warnings, files } = await chain.take('log')
    expect(generations(files)).toEqual(['0x3'])
    expect(warnings).toEqual([expect.stringContaining(`exchange-log-damaged: Sales: The transaction log ${file(5)}`)])
    server.write('Sales', { bert: '1' })
    expect(generations((await chain.take('log')).files)).toEqual(['0x6'])
  })

  it('leaves its database out of fulls for as long as a recovery would need it; the others are truncated, and log runs stay log runs', async () => {
    await damage(4)
    const full = await chain.take('full')
    expect(unitsOf(full)).toEqual(['Other'])
    expect(full.warnings).toEqual([expect.stringMatching(/^database-left-out: Sales: .*E0000000004\.log is not whole/)])
    expect(full.document.databases[0]).toMatchObject({ name: 'Sales', result: 'left-out' })
    expect(server.truncated).toMatchObject({ Other: expect.any(Number) })
    expect(server.truncated.Sales).toBeUndefined()
    server.write('Sales', { bert: '1' })
    server.write('Other', { bert: '1' })
    const log = await chain.take('log')
    expect(log.plan.promoted).toBeNull()
    expect(unitsOf(log)).toEqual(['Other'])
    expect(log.warnings).toEqual([expect.stringContaining('database-left-out: Sales: there is no full backup of it')])
  })

  it('that no recovery needs any more becomes a full, which heals it', async () => {
    await chain.take('full')
    server.write('Sales', { bert: '1' }, { logs: 6 })
    await damage(7)
    const needed = await chain.take('log').catch(error => error)
    expect(needed).toBeInstanceOf(PromotionNeeded)
    expect(needed.promotion).toMatchObject({ code: 'DAMAGED', reason: expect.stringContaining(file(7)) })
    const full = await chain.take('full')
    expect(unitsOf(full)).toEqual(['Sales', 'Other'])
    expect(full.warnings).toEqual([expect.stringContaining('logs from before a gap are left out')])
    server.write('Sales', { last: '2' })
    expect((await chain.take('log')).plan.promoted).toBeNull()
    server.write('Sales', {}, { logs: 1 })
    await chain.take('log')
    expect(await recovered('Sales')).toEqual(server.database('Sales').content)
  })

  it('of the only database fails the run, by its own name', async () => {
    await using sales = await BackupChain.of(server, { include: ['Sales'] })
    await sales.take('full')
    server.write('Sales', { bert: '1' })
    await damage(6)
    for (const kind of ['log', 'full'] as const)
      await expect(sales.take(kind)).rejects.toMatchObject({
        code: 'exchange-log-damaged',
        message: expect.stringContaining(file(6)),
      })
  })

  it('and one that the disk does not give are alike', async () => {
    await chain.take('full')
    for (const name of ['Sales', 'Other']) server.write(name, { bert: '1' })
    server.removeFile(file(6))
    await mkdir(server.local(file(6)))
    const { files, warnings } = await chain.take('log')
    expect(generations(files)).toEqual(['0x3'])
    expect(warnings).toEqual([
      expect.stringMatching(/^exchange-log-damaged: Sales is backed up to log 0x5 only: .*EISDIR/),
    ])
  })
})

describe('circular logging', () => {
  const circular = (on: boolean) =>
    server.change(world => {
      world.databases[0]!.circular = on
    })

  it('that was turned on since the full refuses log mode: a full is taken, once', async () => {
    await chain.take('full')
    circular(true)
    expect((await chain.take('log')).plan.promoted).toMatchObject({ code: 'NOW_CIRCULAR' })
    await expect(chain.take('log')).rejects.toMatchObject({ code: 'exchange-circular-logging' })
  })

  it('of one database leaves it out of log runs, and says so', async () => {
    server.addDatabase('Loop', { circular: true })
    server.write('Loop', { a: 'b' }, { logs: 3 })
    await chain.take('full')
    server.write('Sales', { bert: '1' })
    const { warnings, plan } = await chain.take('log')
    expect(plan.promoted).toBeNull()
    expect(warnings).toEqual([expect.stringContaining('Loop: circular logging removes its logs by itself')])
  })

  it('that was turned off since the full needs a full', async () => {
    circular(true)
    await chain.take('full')
    circular(false)
    server.write('Sales', { bert: '1' })
    expect((await chain.take('log')).plan.promoted).toMatchObject({ code: 'WAS_CIRCULAR' })
  })

  it('in the header of a log is noticed, whatever Exchange says', async () => {
    await chain.take('full')
    circular(true)
    server.change(world => void world) // the log that is made next says so
    server.write('Sales', { bert: '1' }, { logs: 2 })
    circular(false)
    const needed = await chain.take('log').catch(error => error)
    expect(needed.promotion?.code ?? needed.plan?.promoted?.code).toMatch(/OTHER_STREAM|GAP/)
  })
})

it('numbers of five digits go on in those of eight, in order', async () => {
  server.change(world => {
    world.databases = []
  })
  server.addDatabase('Old', { generation: 0xffffd, checkpoint: 0xffffd, fiveDigits: true })
  server.write('Old', { a: '1' }, { logs: 1 })
  await using old = await BackupChain.of(server)
  await old.take('full')
  server.write('Old', { b: '2' }, { logs: 4 })
  const { files, committed } = await old.take('log')
  expect(generations(files)).toEqual([0xfffff, 0x100000, 0x100001, 0x100002].map(hex))
  expect(files.map(({ name }) => name.split('/').at(-1))).toEqual([
    'E00FFFFF.log',
    'E0000100000.log',
    'E0000100001.log',
    'E0000100002.log',
    'exchange.json',
  ])
  expect(committed.units[0]!.to.at).toBe('00100002')
})

it('a closed log that is held is tried again; one that stays so fails', async () => {
  const { signal } = new AbortController()
  let calls = 0
  const held = (times: number) => async () => {
    calls += 1
    if (calls <= times) throw Object.assign(new Error('resource busy'), { code: 'EBUSY' })
    return 'read'
  }
  expect(await whenFree(held(3), 'E.log', signal, 1)).toBe('read')
  calls = 0
  await expect(whenFree(held(9), 'E.log', signal, 1)).rejects.toMatchObject({ code: 'exchange-log-held' })
  expect(calls).toBe(5)
  await expect(whenFree(() => open('/nowhere/at/all'), 'E.log', signal, 1)).rejects.toMatchObject({ code: 'ENOENT' })
})

describe('a DAG', () => {
  beforeEach(() => {
    server.addDatabase('Passive', { server: 'EX02', copyStatus: 'Healthy' })
    server.write('Passive', { a: 'b' }, { logs: 3 })
  })

  it('leaves a database to the server that has its active copy, and truncates nothing of it', async () => {
    const { committed, warnings } = await chain.take('full')
    expect(committed.units.map(({ unit }) => unit)).toEqual(['Sales'])
    expect(warnings).toEqual([])
    expect(server.scripts[0]).toContain(
      'writer exclude "Microsoft Exchange Replica Writer:\\Microsoft Exchange Server\\Microsoft Information Store\\Replica\\EX01\\22222222-aaaa-bbbb-cccc-dddddddddddd"',
    )
  })

  it('has its healthy passive copies backed up where that is configured; truncation is not expected', async () => {
    await using passive = await BackupChain.of(server, { copies: 'passive' })
    const { committed, notes } = await passive.take('full')
    expect(committed.units.map(({ unit }) => unit)).toEqual(['Passive'])
    expect(notes).toEqual([expect.stringContaining('Passive copies (Passive)')])
    expect(server.truncated).toEqual({ Passive: 0 })
    server.write('Passive', { c: 'd' })
    expect(generations((await passive.take('log')).files)).toHaveLength(1)
  })

  it('has a copy left out that is not healthy', async () => {
    server.change(world => {
      world.databases[1]!.copyStatus = 'FailedAndSuspended'
    })
    await using all = await BackupChain.of(server, { copies: 'all' })
    expect((await all.take('full')).warnings).toEqual([
      'database-left-out: Passive: its copy here is FailedAndSuspended, not Healthy',
    ])
  })

  it('whose active copy moves away and back goes on with its logs', async () => {
    await using all = await BackupChain.of(server, { copies: 'all' })
    await all.take('full')
    server.change(world => {
      Object.assign(world.databases[0]!, { server: 'EX02', copyStatus: 'Healthy' })
    })
    server.write('Sales', { moved: 'yes' })
    const { plan, files } = await all.take('log')
    expect(plan.promoted).toBeNull()
    expect(generations(files)).toEqual(['0x6'])
  })
})

it(`a full and ${times(100)} log runs, with mail in between, are recovered to what the server had; all logs that a staged database needs are there`, async () => {
  server.addDatabase('Other')
  const mail = (name: string, n: number) =>
    server.write(name, { [`mail ${n}`]: `of ${name}`, last: String(n) }, { logs: n % 3 })
  for (let n = 0; n < 5; n++) mail('Other', n)
  const full = await chain.take('full')
  for (const edb of full.files.filter(({ role }) => role === 'database')) {
    const { header } = await readDatabaseHeader(join(chain.directory, edb.name), edb.name)
    const logs = full.files.filter(({ role, unit }) => role === 'log' && unit === edb.unit)
    const there = await Promise.all(
      logs.map(async ({ name }) => (await readLogHeader(join(chain.directory, name), name)).generation),
    )
    for (let generation = header.required.min; generation <= header.required.max; generation++)
      expect(there).toContain(generation)
  }
  for (let run = 0; run < times(100); run++) {
    mail('Sales', run)
    mail('Other', run + 1)
    const { plan } = await chain.take('log')
    expect(plan.promoted).toBeNull()
  }
  server.write('Sales', {}, { logs: 1 })
  server.write('Other', {}, { logs: 1 })
  await chain.take('log')
  for (const name of ['Sales', 'Other']) expect(await recovered(name)).toEqual(server.database(name).content)
})
