import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SqlServer, startSqlServer } from '../../doubles/tds/server.ts'
import { BackupChain, type Taken } from './chain.ts'

let server: SqlServer
let chain: BackupChain
let written = 0

beforeEach(async () => {
  server = await startSqlServer()
  server.model.createDatabase('a')
  server.model.createDatabase('b')
  chain = await BackupChain.of(server)
})
afterEach(async () => {
  await chain[Symbol.asyncDispose]()
  await server.close()
})

const write = (...names: string[]) => {
  for (const name of names) server.model.write(name, { [`row ${++written}`]: String(written) })
}
const kindOf = (taken: Taken, unit: string) => taken.committed.units.find(each => each.unit === unit)?.kind

/** What is restored of the newest snapshots is what the server holds now. */
async function expectRestored(...units: string[]) {
  await using target = await startSqlServer()
  await chain.restore(target, { kind: 'latest' }, { units })
  for (const unit of units) expect(target.model.content(unit), unit).toEqual(server.model.content(unit))
}

describe('full, differential and logs', () => {
  it('lead to the newest state in every order', async () => {
    write('a', 'b')
    await chain.take('full')
    write('a', 'b')
    expect(kindOf(await chain.take('log'), 'a')).toBe('log')
    write('a')
    await chain.take('differential')
    write('a', 'b')
    await chain.take('log')
    write('b')
    expect(await chain.take('log')).toMatchObject({ warnings: [], plan: { promoted: null } })
    await expectRestored('a', 'b')
  })

  it('of a log run hold no SIMPLE database, and say so', async () => {
    server.model.setRecovery('b', 'SIMPLE')
    await chain.take('full')
    const taken = await chain.take('log')
    expect(taken.committed.units.map(({ unit }) => unit)).toEqual(['model', 'a'])
    expect(taken.results.b).toMatchObject({ result: 'left-out', reason: 'its recovery model is SIMPLE' })
    await chain.take('differential')
    await expectRestored('b')
  })
})

describe('somebody else', () => {
  beforeEach(async () => {
    write('a', 'b')
    await chain.take('full')
    write('a', 'b')
  })

  it('takes a full: the next differential of that database becomes a full, those of others do not', async () => {
    await server.model.backup('a', 'full')
    write('a')
    const taken = await chain.take('differential')
    expect([kindOf(taken, 'a'), kindOf(taken, 'b')]).toEqual(['full', 'differential'])
    expect(taken.results.a).toMatchObject({ reason: 'somebody else took a full backup of it' })
    await expectRestored('a', 'b')
  })

  it('takes a full with COPY_ONLY: nothing changes', async () => {
    await server.model.backup('a', 'full', { copyOnly: true })
    expect(kindOf(await chain.take('differential'), 'a')).toBe('differential')
  })

  it('takes a full while our differential is being taken: its file is dropped, and a full taken at once', async () => {
    const trap = server.faults.onStatement(
      ({ text, parameters }) => text.includes('DIFFERENTIAL') && Object.values(parameters).includes('a'),
      { kind: 'meanwhile', act: async () => void (await server.model.backup('a', 'full')) },
    )
    const taken = await chain.take('differential')
    expect(trap.hits).toBe(1)
    expect(kindOf(taken, 'a')).toBe('full')
    expect(taken.results.a!.reason).toContain('while the run was under way')
    await expectRestored('a', 'b')
  })

  it('takes a log: a differential bridges the gap, and logs go on from it', async () => {
    await server.model.backup('a', 'log')
    write('a')
    const bridge = await chain.take('log')
    expect(bridge.plan.promoted).toMatchObject({ code: 'FOREIGN_LOG' })
    expect([kindOf(bridge, 'a'), kindOf(bridge, 'b')]).toEqual(['differential', 'differential'])
    write('a', 'b')
    expect((await chain.take('log')).plan).toMatchObject({ kind: 'log', promoted: null })
    await expectRestored('a', 'b')
  })

  it('takes a log while our run is under way: ours is dropped, the gap is seen and bridged by the next run', async () => {
    await chain.take('log')
    write('a', 'b')
    const taken = await chain.take('log', { planned: async () => void (await server.model.backup('b', 'log')) })
    expect(taken.plan.kind).toBe('log')
    expect(taken.warnings.join()).toMatch(/b was not backed up: somebody else took a log backup/)
    write('b')
    expect((await chain.take('log')).plan).toMatchObject({ kind: 'differential', promoted: { code: 'FOREIGN_LOG' } })
    await expectRestored('a', 'b')
  })

  it('backs up a single file: the differential becomes a full', async () => {
    server.model.createDatabase('files', { files: ['second'] })
    write('files')
    await chain.take('full')
    server.model.backupFile('files', 'second')
    expect((await chain.take('differential')).results.files).toMatchObject({
      kind: 'full',
      reason: expect.stringContaining('single files'),
    })
  })

  it('sets the recovery model to SIMPLE and back: a differential starts the log chain again', async () => {
    await chain.take('log')
    server.model.setRecovery('a', 'SIMPLE')
    write('a')
    server.model.setRecovery('a', 'FULL')
    const bridge = await chain.take('log')
    expect(bridge.plan.promoted).toMatchObject({ code: 'LOG_CHAIN_ENDED' })
    expect(kindOf(bridge, 'a')).toBe('differential')
    write('a')
    expect((await chain.take('log')).plan.kind).toBe('log')
    await expectRestored('a', 'b')
  })

  it('sets it to SIMPLE for good: one differential, and no logs of it from then on', async () => {
    await chain.take('log')
    server.model.setRecovery('a', 'SIMPLE')
    expect((await chain.take('log')).plan.promoted).toMatchObject({ code: 'NOW_SIMPLE' })
    const next = await chain.take('log')
    expect(next.plan).toMatchObject({ kind: 'log', promoted: null })
    expect(kindOf(next, 'a')).toBeUndefined()
  })

  it('restores the database over itself, or another one in its place: a full', async () => {
    await server.model.restoreOver('a')
    write('a')
    const taken = await chain.take('log')
    expect(taken.plan.promoted).toMatchObject({ code: 'RESTORED' })
    expect([kindOf(taken, 'a'), kindOf(taken, 'b')]).toEqual(['full', 'differential'])
    await expectRestored('a', 'b')
  })

  it('restores the database over itself: the log after that full leads over from the fork before it, and is taken', async () => {
    await chain.take('log')
    await server.model.restoreOver('a')
    write('a')
    expect(kindOf(await chain.take('differential'), 'a')).toBe('full')
    write('a')
    const taken = await chain.take('log')
    expect(taken.warnings).toEqual([])
    expect(kindOf(taken, 'a')).toBe('log')
    await expectRestored('a', 'b')
  })

  it('drops it and makes it anew under the same name: a full', async () => {
    server.model.drop('a')
    server.model.createDatabase('a')
    write('a')
    const taken = await chain.take('differential')
    expect(taken.results.a).toMatchObject({
      kind: 'full',
      reason: 'it was dropped and made anew, or replaced by another one',
    })
    await expectRestored('a', 'b')
  })

  it('makes a new database: the next log run takes it in full', async () => {
    server.model.createDatabase('new')
    write('new')
    const taken = await chain.take('log')
    expect(taken.plan.promoted).toMatchObject({ code: 'NO_BASE' })
    expect([kindOf(taken, 'new'), kindOf(taken, 'a')]).toEqual(['full', 'differential'])
    await expectRestored('a', 'b', 'new')
  })

  it('renames a database: it is a new one to us', async () => {
    server.model.rename('a', 'z')
    const taken = await chain.take('log')
    expect(kindOf(taken, 'z')).toBe('full')
    expect(kindOf(taken, 'a')).toBeUndefined()
  })
})

describe('a database that is away for a while', () => {
  it('goes on where its log stood when it is back', async () => {
    write('a', 'b')
    await chain.take('full')
    write('a', 'b')
    await chain.take('log')
    write('a')
    server.model.setState('a', 'OFFLINE')
    const away = await chain.take('log')
    expect(away.warnings.join()).toContain('a: it is OFFLINE')
    server.model.setState('a', 'ONLINE')
    write('a')
    expect((await chain.take('log')).plan).toMatchObject({ kind: 'log', promoted: null })
    await expectRestored('a', 'b')
  })

  it('that no run can back up does not make every log run a differential', async () => {
    write('a', 'b')
    await chain.take('full')
    server.model.createDatabase('new')
    server.model.setState('new', 'SUSPECT')
    expect((await chain.take('log')).plan.kind).toBe('log')
    server.model.setState('new', 'ONLINE')
    server.model.damage('new')
    expect((await chain.take('log')).plan.kind).toBe('differential')
    const waiting = await chain.take('log')
    expect(waiting.plan.kind).toBe('log')
    expect(waiting.results.new!.reason).toContain('the last full or differential run failed for it')
  })
})

describe('a read-only database', () => {
  it('is taken once, and then said to be unchanged, to any moment', async () => {
    write('a', 'b')
    server.model.setReadOnly('a', true)
    await chain.take('full')
    write('b')
    const log = await chain.take('log')
    expect(log.results.a).toMatchObject({ result: 'unchanged' })
    const differential = await chain.take('differential')
    expect(differential.results.a).toMatchObject({ result: 'unchanged' })
    expect(differential.files.some(({ unit }) => unit === 'a')).toBe(false)
    await expectRestored('a', 'b')
    server.model.setReadOnly('a', false)
    write('a')
    await chain.take('differential')
    await expectRestored('a')
  })
})

describe('with another product that owns the chain', () => {
  it('every run is a full with COPY_ONLY, and its chain is left alone', async () => {
    await using beside = await BackupChain.of(server, { coexist: true })
    write('a')
    const base = await server.model.backup('a', 'full')
    for (const kind of ['full', 'differential', 'log'] as const)
      expect((await beside.take(kind)).committed).toMatchObject({ kind: 'full', lane: 'data' })
    const { differentialBase } = server.model.database('a')
    expect(differentialBase!.guid.toLowerCase()).toBe(base.uuid.toLowerCase())
    expect(server.statements.some(({ text }) => text.startsWith('BACKUP LOG'))).toBe(false)
  })
})

describe('an availability group', () => {
  it('that prefers another replica leaves its databases to that one', async () => {
    server.model.joinGroup('a', 'SECONDARY', { preferred: false })
    const taken = await chain.take('full')
    expect(taken.results.a).toMatchObject({ result: 'left-out' })
    expect(taken.warnings).toEqual([])
  })

  it('has its preferred secondary take COPY_ONLY fulls and logs, also after a failover', async () => {
    write('a')
    server.model.joinGroup('a', 'SECONDARY')
    const full = await chain.take('full')
    expect(full.committed.units.find(({ unit }) => unit === 'a')!.info).toMatchObject({ copyOnly: 'true' })
    write('a')
    server.model.failover('a')
    const differential = await chain.take('differential')
    expect(differential.results.a).toMatchObject({ kind: 'full', reason: expect.stringContaining('COPY_ONLY') })
    write('a')
    expect(kindOf(await chain.take('log'), 'a')).toBe('log')
    await expectRestored('a')
  })
})
