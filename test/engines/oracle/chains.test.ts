import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { OracleOptions } from '../../doubles/tns/oracle.ts'
import { users, writer } from './samples.ts'
import { start as begin, chain, server, source } from './started.ts'

let clock = Date.UTC(2026, 10, 22, 10)

function start(options: OracleOptions = {}, settings: Record<string, unknown> = {}): Promise<void> {
  clock = Date.UTC(2026, 10, 22, 10)
  return begin({ now: () => new Date(clock), ...options }, settings)
}

async function expectRestored(): Promise<void> {
  const { got, held } = await chain.restore({ kind: 'latest' })
  expect(got).toEqual(held)
  expect(Object.keys(got).length).toBeGreaterThan(0)
}

/** RMAN deletes what is archived, from a sequence of thread 1 on. */
function deleteLogs(from = 0, to = Number.POSITIVE_INFINITY): void {
  for (const log of server.database.logs.archived) {
    if (log.sequence < from || log.sequence > to || log.name === null) continue
    rmSync(log.name)
    Object.assign(log, { name: null, deleted: true, status: 'D' })
  }
}

describe('logs that cannot be gone on with become a full, at once', () => {
  it('there is no full yet', async () => {
    await start()
    expect(await chain.take('log')).toMatchObject({ promoted: 'NO_BASE', plan: { kind: 'full' } })
  })

  it('a differential, which there is none of', async () => {
    await start()
    expect(await chain.take('differential')).toMatchObject({ promoted: 'NO_DIFFERENTIAL', plan: { kind: 'full' } })
  })

  it('one of them was deleted', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    server.database.logs.switch(1)
    write()
    server.database.logs.switch(1)
    deleteLogs(2, 2)
    expect(await chain.take('log')).toMatchObject({ promoted: 'LOG_GONE' })
    await expectRestored()
  })

  it('one of them is not known any more, and not there: its record has aged out of the control file', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    server.database.logs.switch(1)
    for (const { path } of server.database.logs.archived.splice(0)) rmSync(path)
    expect(await chain.take('log')).toMatchObject({ promoted: 'LOG_GONE' })
    await expectRestored()
  })

  it('RESETLOGS, whose sequences begin at 1 again', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    await chain.take('log')
    server.database.openResetlogs()
    write()
    expect(await chain.take('log')).toMatchObject({ promoted: 'RESETLOGS' })
    write()
    const taken = await chain.take('log')
    expect(taken.plan).toMatchObject({ kind: 'log', promoted: null })
    expect(taken.committed.units[0]!.info!.firstSequence).toBe('2')
    await expectRestored()
  })

  it('RESETLOGS between the look at the database and the run', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    let once = true
    const taken = await chain.take('log', {
      planned: () => {
        if (once) server.database.openResetlogs()
        once = false
        write()
      },
    })
    expect(taken).toMatchObject({ promoted: 'RESETLOGS', plan: { kind: 'full' } })
    await expectRestored()
  })

  it('RESETLOGS while the run is under way', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    let once = true
    const taken = await chain.take('log', {
      before: ({ name }) => {
        if (!once || !name.includes('logs/')) return
        once = false
        server.database.openResetlogs()
        write()
      },
    })
    expect(taken).toMatchObject({ promoted: 'RESETLOGS', plan: { kind: 'full' } })
    await expectRestored()
  })

  it('a thread that was enabled, and one that was disabled', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    server.database.logs.addThread()
    write(users, 2)
    expect(await chain.take('log')).toMatchObject({ promoted: 'THREAD_ADDED' })
    write(users, 2)
    write(users, 1)
    expect((await chain.take('log')).plan.promoted).toBeNull()
    await expectRestored()
    server.database.logs.threads[1]!.enabled = false
    write(users, 1)
    expect(await chain.take('log')).toMatchObject({ promoted: 'THREAD_DISABLED' })
    await expectRestored()
  })

  it('a thread that came and went, or comes while the run is under way', async () => {
    await start()
    const { write } = writer(server)
    const { logs } = server.database
    await chain.take('full')
    logs.addThread()
    write(users, 2)
    logs.threads[1]!.enabled = false
    expect(await chain.take('log')).toMatchObject({ promoted: 'THREAD_DISABLED' })
    await expectRestored()
    let once = true
    const taken = await chain.take('log', {
      before: ({ name }) => {
        if (once && name.includes('logs/')) logs.threads[1]!.enabled = true
        once &&= !name.includes('logs/')
      },
    })
    expect(taken).toMatchObject({ promoted: 'THREAD_CHANGED', plan: { kind: 'full' } })
    await expectRestored()
  })

  it('changes without redo', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    server.database.writeUnlogged(users, 5, 'without redo')
    expect(await chain.take('log')).toMatchObject({ promoted: 'NOLOGGING' })
    write()
    expect((await chain.take('log')).plan.promoted).toBeNull()
    const { got } = await chain.restore({ kind: 'latest' })
    expect(got[`${users}:5`]).toBe('without redo')
  })

  it('which may be left to the operator', async () => {
    await start({}, { nologging: 'warn' })
    const { write } = writer(server)
    await chain.take('full')
    write()
    server.database.writeUnlogged(users, 5, 'without redo')
    const taken = await chain.take('log')
    expect(taken.plan).toMatchObject({ kind: 'log', promoted: null })
    expect(taken.warnings.join()).toContain('oracle-nologging')
  })

  it('another database, or a copy of this one under another name', async () => {
    await start()
    await chain.take('full')
    const { databaseId } = server.database
    server.database.databaseId++
    expect(await chain.take('log')).toMatchObject({ promoted: 'REPLACED' })
    server.database.databaseId = databaseId
    await chain[Symbol.asyncDispose]()
    await server.close()
    await start({ uniqueName: 'clone' })
    const { write } = writer(server)
    write()
    await chain.take('full')
    const [entry] = chain.taken[0]!.committed.units
    entry!.info!.uniqueName = 'shop'
    expect(await chain.take('log')).toMatchObject({ promoted: 'REPLACED' })
  })

  it('a copy of the database that is called the same, with other redo of the same numbers', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    // As of a machine that was put back to an image of before: its log 2 begins elsewhere.
    const log = server.database.logs.current(1)
    Object.assign(log, { firstScn: log.firstScn - 3n })
    expect(await chain.take('log')).toMatchObject({ promoted: 'LOG_GONE' })
  })
})

describe('logs that are gone on with', () => {
  it('begin where the last log ended, not at a full in between, so that no moment is missing', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    await chain.take('log')
    const between = write()
    server.database.logs.switch(1)
    await chain.take('full')
    write()
    const taken = await chain.take('log')
    expect(taken.warnings).toEqual([])
    const [first] = chain.taken
    const ofFirst = chain.taken.filter(({ plan }) => plan.kind === 'log')
    expect(ofFirst[1]!.committed.units[0]!.from!.at).toBe(ofFirst[0]!.committed.units[0]!.to.at)
    // From the first full alone.
    chain.taken.splice(chain.taken.indexOf(chain.taken.filter(({ plan }) => plan.kind === 'full')[1]!), 1)
    expect(chain.taken[0]).toBe(first)
    const { got, held } = await chain.restore({ kind: 'latest' }, String(between + 1n))
    expect(got).toEqual(held)
  })

  it('begin at the full where what is before it was deleted, and say so', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    write()
    await chain.take('log')
    write()
    server.database.logs.switch(1)
    deleteLogs()
    await chain.take('full')
    write()
    const taken = await chain.take('log')
    expect(taken).toMatchObject({ plan: { kind: 'log', promoted: null } })
    expect(taken.warnings.join()).toContain('oracle-logs-missing')
    await expectRestored()
  })

  it('have nothing of a thread in which nothing was written but what archiving itself makes', async () => {
    await start({ threads: 2 })
    const { write } = writer(server)
    await chain.take('full')
    write(users, 1)
    await chain.take('log')
    write(users, 1)
    const taken = await chain.take('log')
    expect(taken.committed.units).toHaveLength(2)
    await expectRestored()
  })
})

describe('a moment', () => {
  it.each([0, 330, -480])('on a server %i minutes ahead of UTC is exact to the second', async offsetMinutes => {
    await start({ offsetMinutes })
    const { write } = writer(server)
    const step = () => {
      clock += 10_000
      write()
      clock += 10_000
    }
    await chain.take('full')
    for (let i = 0; i < 3; i++) {
      step()
      await chain.take('log')
    }
    for (const { committed } of chain.taken.slice(1)) {
      const { from, to } = committed.units[0]!.covers
      for (const time of [Date.parse(from), Date.parse(from) + 5000, Date.parse(to) - 5000, Date.parse(to)]) {
        const { got, held } = await chain.restore({ kind: 'at', at: new Date(time).toISOString() })
        expect(got).toEqual(held)
        const then = server.database.changes.filter(each => each.time.getTime() - offsetMinutes * 60_000 < time)
        expect(Object.keys(held)).toHaveLength(new Set(then.map(({ file, block }) => `${file}:${block}`)).size)
      }
    }
  })

  it('within a log during which the clock of the server was changed is warned of', async () => {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    clock += 60_000
    write()
    clock += 60_000
    const { committed } = await chain.take('log')
    committed.units[0]!.covers.from = committed.units[0]!.covers.from.replace('+00:00', '+01:00')
    const at = new Date(clock - 30_000).toISOString()
    expect((await chain.report({ kind: 'at', at })).warnings.join()).toContain('clock-changed')
  })
})

describe('archived logs that are committed', () => {
  it.each(['local', 'remote'])(
    'stay on the server unless the source says otherwise; then they are removed, %s',
    async files => {
      await start({ destinations: 2 }, { files })
      const { write } = writer(server)
      await chain.take('full')
      expect(await chain.committed(chain.taken[0]!)).toEqual({ notes: [] })
      await chain[Symbol.asyncDispose]()
      await source({ files, deleteArchivedLogs: true })
      const older = server.database.logs.archived.length
      write()
      const full = await chain.take('full')
      write()
      const log = await chain.take('log')
      const { existsSync } = await import('node:fs')
      const there = () => server.database.logs.archived.map(({ name }) => existsSync(name!))
      expect(there()).not.toContain(false)
      expect((await chain.committed(log)).notes).toEqual([
        '2 archived logs that are backed up were removed from the server',
      ])
      await chain.committed(full)
      await chain.committed(full)
      // What was archived before this source had its first full is no backup of its.
      expect(there()).toEqual([...Array(older).fill(true), ...Array(4).fill(false)])
      expect(server.database.directories).toEqual([])
      write()
      expect((await chain.take('log')).plan).toMatchObject({ kind: 'log', promoted: null })
      await expectRestored()
    },
  )
})

it('paths with spaces, quotes and letters beyond ASCII are copied, and named in the scripts as they are', async () => {
  await start({}, { files: 'remote' })
  const { database } = server
  const odd = join(database.directory, 'oradata', "it's müßig & ‘odd’")
  const { mkdirSync } = await import('node:fs')
  mkdirSync(odd)
  const tablespace = database.createTablespace('ODD', 8)
  const file = database.addFile(tablespace, join(odd, 'a b.dbf'), 8)
  const { write } = writer(server)
  write(file.number)
  await chain.take('full', { onChunk: () => void write(file.number) })
  await expectRestored()
})
