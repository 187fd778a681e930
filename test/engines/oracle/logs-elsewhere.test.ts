import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nameOf } from '../../../uploader/engines/oracle/logs/by-name.ts'
import type { OracleOptions } from '../../doubles/tns/oracle.ts'
import { failureOf } from '../mysql/harness.ts'
import { writer } from './samples.ts'
import { chain, exchange, rman, server, source, start, startRman } from './started.ts'

const logs = () => server.database.logs.archived

async function expectRestored(): Promise<void> {
  const { got, held } = await chain.restore({ kind: 'latest' })
  expect(got).toEqual(held)
  expect(Object.keys(got).length).toBeGreaterThan(0)
}

/** A full, and some logs behind it that nobody has backed up yet. */
async function withLogs(options: OracleOptions, settings: Record<string, unknown>, withRman = false): Promise<void> {
  await start(options)
  if (withRman) startRman()
  await source({ ...settings, ...(withRman && { rman: rman.settings }) })
  const { write } = writer(server)
  write()
  await chain.take('full')
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 4; j++) write()
    server.database.logs.switch(1)
  }
}

/** As RMAN's DELETE INPUT does: the rows stay, without a name. */
function deleteLogs(): void {
  for (const log of logs()) {
    if (log.name === null) continue
    rmSync(log.path)
    Object.assign(log, { name: null, deleted: true, status: 'D' })
  }
}

describe('archived logs that have aged out of the control file', () => {
  it.each(['local', 'remote'])('are found by their names, read %s', async files => {
    await withLogs({}, { files })
    logs().length = 0
    const taken = await chain.take('log')
    expect(taken).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    expect(taken.files.filter(({ role }) => role === 'log')).toHaveLength(4)
    await expectRestored()
  })

  it('are found in the second destination, where the first has none', async () => {
    await withLogs({ destinations: 2 }, {})
    for (const { path, destination } of logs()) if (destination === 1) rmSync(path)
    logs().length = 0
    expect(await chain.take('log')).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    await expectRestored()
  })

  it('are not what only is called so: one of another database, incarnation or number, or cut short', async () => {
    await withLogs({}, {})
    const [, second, third] = logs().filter(({ sequence }) => sequence > 1)
    copyFileSync(third!.path, second!.path)
    logs().length = 0
    const taken = await chain.take('log')
    expect(taken).toMatchObject({ promoted: 'LOG_GONE', plan: { kind: 'full' } })
    await expectRestored()
  })

  it.each([
    ['is gone', (path: string) => rmSync(path)],
    ['is something else', (path: string) => writeFileSync(path, 'nothing')],
  ])('make the run a full where one of them %s', async (_, happen) => {
    await withLogs({}, {})
    const lost = logs().at(-1)!.path
    logs().length = 0
    happen(lost)
    expect(await chain.take('log')).toMatchObject({ promoted: 'LOG_GONE', plan: { kind: 'full' } })
    await expectRestored()
  })

  it('have the names that LOG_ARCHIVE_FORMAT says; in others nothing is guessed', () => {
    expect(nameOf('%t_%s_%r.arc', 1, 42, '998877')).toBe('1_42_998877.arc')
    expect(nameOf('ARC%S_%R.%T', 1, 42, '998877')).toBe('ARC0000000042_0000998877.0001')
    expect(nameOf('%d_%s.arc', 1, 42, '1')).toBeUndefined()
    expect(nameOf('', 1, 42, '1')).toBeUndefined()
  })
})

describe('archived logs in a recovery area', () => {
  /** As Oracle calls them there: with a part that nobody can tell, and whatever LOG_ARCHIVE_FORMAT says. */
  async function inRecoveryArea(): Promise<void> {
    await start()
    const { logs, parameters } = server.database
    logs.destinations[0]!.isRecoveryArea = true
    parameters.set('log_archive_format', '%t_%s_%r.dbf')
    logs.format = 'o1_mf_%t_%s_kq3vr8x1_.arc'
    const { write } = writer(server)
    write()
    await chain.take('full')
    for (let i = 0; i < 4; i++) write()
    logs.switch(1)
  }

  it('are read by the names that the database lists', async () => {
    await inRecoveryArea()
    expect(await chain.take('log')).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    await expectRestored()
  })

  it('are not guessed once the control file has forgotten them: the run becomes a full', async () => {
    await inRecoveryArea()
    logs().length = 0
    expect(await chain.take('log')).toMatchObject({ promoted: 'LOG_GONE', plan: { kind: 'full' } })
    await expectRestored()
  })

  it('are read again once RMAN has listed them anew (CATALOG RECOVERY AREA)', async () => {
    await inRecoveryArea()
    const paths = logs().map(({ path }) => path)
    logs().length = 0
    for (const path of paths) server.database.logs.catalog(path)
    expect(await chain.take('log')).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    await expectRestored()
  })
})

describe('archived logs that RMAN has backed up and deleted', () => {
  const restored = () => rman.told.filter(command => command.includes('RESTORE ARCHIVELOG'))

  it('are restored by it, one by one as they are read, and nothing of them stays', async () => {
    await withLogs({}, {}, true)
    rman.repository.backUpLogs(server.database)
    deleteLogs()
    const taken = await chain.take('log')
    expect(taken).toMatchObject({ promoted: undefined, plan: { kind: 'log' }, warnings: [] })
    expect(restored()).toHaveLength(3)
    expect(exchange()).toEqual([])
    expect(logs().filter(({ registrar }) => registrar === 'RMAN')).toEqual([])
    await expectRestored()
  })

  it('make the run a full where it has no backup of one either', async () => {
    await withLogs({}, {}, true)
    deleteLogs()
    const taken = await chain.take('log')
    expect(taken).toMatchObject({ promoted: 'LOG_GONE', plan: { kind: 'full' } })
    expect(exchange()).toEqual([])
    await expectRestored()
  })

  it('fail a full that needs them', async () => {
    await withLogs({}, {}, true)
    const fails = chain.take('full', { before: ({ name }) => (name.startsWith('logs/') ? deleteLogs() : undefined) })
    expect(await failureOf(fails)).toMatch(/^oracle-log-gone: /)
    expect(exchange()).toEqual([])
  })

  it('are removed by the next run where one was killed while it read them', async () => {
    await withLogs({}, {}, true)
    rman.repository.backUpLogs(server.database)
    deleteLogs()
    await failureOf(
      chain.take('log', {
        killed: true,
        onChunk: ({ name }) => {
          if (name.startsWith('logs/')) throw new Error('killed')
        },
      }),
    )
    const left = exchange().length + logs().filter(({ registrar }) => registrar === 'RMAN').length
    expect(left).toBeGreaterThan(0)
    expect(await chain.take('log')).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    expect(exchange()).toEqual([])
    expect(logs().filter(({ registrar }) => registrar === 'RMAN')).toEqual([])
    await expectRestored()
  })

  it('are copied by it out of ASM, where no file system shows them', async () => {
    await withLogs({}, {}, true)
    for (const log of logs()) {
      log.name = `+FRA/SHOP/ARCHIVELOG/thread_1_seq_${log.sequence}`
      const hidden = join(server.database.directory, 'asm', `${log.sequence}`)
      mkdirSync(dirname(hidden), { recursive: true })
      renameSync(log.path, hidden)
      log.path = hidden
    }
    const taken = await chain.take('log')
    expect(taken).toMatchObject({ promoted: undefined, plan: { kind: 'log' }, warnings: [] })
    expect(rman.told.filter(command => command.startsWith('BACKUP AS COPY ARCHIVELOG'))).toHaveLength(3)
    expect(exchange()).toEqual([])
    await expectRestored()
  })
})
