import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { Fault } from '../../doubles/tns/faults.ts'
import { beginTablespaceBackup, endDatabaseBackup } from '../../doubles/tns/rules/backup-mode.ts'
import { failureOf } from '../mysql/harness.ts'
import type { Hooks } from './chain.ts'
import { users, writer } from './samples.ts'
import { active, chain, server, start } from './started.ts'

afterEach(async () => {
  await chain?.[Symbol.asyncDispose]()
  await server?.close()
})

/** The process dies when it comes to read an artefact. */
const killedAt = (name: string): Hooks => ({
  killed: true,
  before: artefact => {
    if (artefact.name.includes(name)) throw new Error('killed')
  },
})

async function expectSound(): Promise<void> {
  expect(active()).toEqual([])
  expect(existsSync(chain.undo)).toBe(false)
  const { write } = writer(server)
  write()
  await chain.take('full', { onChunk: () => void write() })
  const { got, held } = await chain.restore({ kind: 'latest' })
  expect(got).toEqual(held)
}

describe('a run that is killed', () => {
  const files = ['system01', 'sysaux01', 'undotbs101', 'users01']
  describe.each(['database', 'tablespace'])('%s by backup mode', backupMode => {
    it.each(files)('when it comes to %s: the next one ends what is in backup mode', async file => {
      await start({}, { backupMode, files: 'remote' })
      expect(await failureOf(chain.take('full', killedAt(file)))).toContain('killed')
      const left = active().length
      expect(left).toBeGreaterThan(0)
      expect(existsSync(chain.undo)).toBe(true)
      expect((await chain.recover()).notes).toEqual([
        `An earlier run had left ${left} data files in backup mode; it was ended`,
      ])
      await expectSound()
    })
  })

  it('behind backup mode leaves nothing to be ended', async () => {
    await start()
    await failureOf(chain.take('full', killedAt('control.ctl')))
    expect(active()).toEqual([])
    expect(existsSync(chain.undo)).toBe(false)
  })

  it('between its note and BEGIN leaves nothing to be ended', async () => {
    await start()
    server.faults.add(/^ALTER DATABASE BEGIN/, 'stall')
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('killed')), 50)
    await failureOf(chain.take('full', { signal: stop.signal, killed: true }))
    server.faults.clear()
    await chain.recover()
    await expectSound()
  })

  it('is not needed where the next run finds the note itself', async () => {
    await start()
    await failureOf(chain.take('full', killedAt('users01')))
    const taken = await chain.take('full')
    expect(taken.warnings.join()).toContain('oracle-backup-mode-ended')
    expect(active()).toEqual([])
  })

  it('whose backup mode somebody has ended, and begun his own: that one is left alone', async () => {
    await start()
    await failureOf(chain.take('full', killedAt('users01')))
    endDatabaseBackup(server.database, 0)
    beginTablespaceBackup(server.database, server.database.tablespace('USERS')!)
    expect((await chain.recover()).notes).toEqual([])
    expect(active()).toEqual([users])
    expect(existsSync(chain.undo)).toBe(false)
  })

  it('beside somebody else’s tablespace in backup mode: only its own are ended', async () => {
    await start({}, { backupMode: 'tablespace' })
    await failureOf(chain.take('full', killedAt('undotbs101')))
    const mine = active()
    const other = server.database.dataFiles.find(file => !mine.includes(file.number))!
    beginTablespaceBackup(server.database, other.tablespace)
    await chain.recover()
    expect(active()).toEqual([other.number])
  })
})

describe('an instance that crashes in backup mode', () => {
  it('is left to a person as long as the database is not open: restored files would look the same', async () => {
    await start()
    await failureOf(chain.take('full', killedAt('users01')))
    server.crash()
    expect(() => server.startup()).toThrow('ORA-10873')
    expect(await failureOf(chain.recover())).toMatch(
      /^oracle-not-open: .*ALTER DATABASE END BACKUP; ALTER DATABASE OPEN/,
    )
    expect(existsSync(chain.undo)).toBe(true)
    endDatabaseBackup(server.database, 0)
    server.startup()
    expect((await chain.recover()).notes).toEqual([])
    await expectSound()
  })
})

describe('a connection that is lost', () => {
  it.each<[string, RegExp, Fault]>([
    ['in BEGIN before it is done', /^ALTER DATABASE BEGIN/, 'lost before'],
    ['in BEGIN after it is done', /^ALTER DATABASE BEGIN/, 'lost after'],
    ['in END before it is done', /^ALTER DATABASE END/, 'lost before'],
    ['in END after it is done', /^ALTER DATABASE END/, 'lost after'],
    ['while it is archived', /^ALTER SYSTEM ARCHIVE/, 'lost after'],
    ['while the control file is copied', /BACKUP CONTROLFILE TO '/, 'lost after'],
  ])('%s changes nothing: the database is asked, and the run goes on', async (_, at, fault) => {
    await start()
    server.faults.add(at, fault)
    expect((await chain.take('full')).warnings).toEqual([])
    expect(active()).toEqual([])
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('between BEGIN and END, and comes back, changes nothing either', async () => {
    await start()
    let cut = false
    const taken = await chain.take('full', {
      before: async ({ name }) => {
        if (cut || !name.includes('users01')) return
        cut = true
        expect(active()).not.toEqual([])
        await server.stopListening()
        await server.listen()
      },
    })
    expect(taken.warnings).toEqual([])
    expect(active()).toEqual([])
    const { got, held } = await chain.restore({ kind: 'latest' })
    expect(got).toEqual(held)
  })

  it('for good in backup mode: the run fails, what is to be ended stays noted, and the next one ends it', async () => {
    await start()
    const failure = await failureOf(
      chain.take('full', {
        before: async ({ name }) => {
          if (name.includes('users01')) await server.stopListening()
        },
      }),
    )
    expect(failure).toMatch(/^oracle-backup-mode-left: /)
    expect(active()).not.toEqual([])
    expect(existsSync(chain.undo)).toBe(true)
    await server.listen()
    expect((await chain.recover()).notes.join()).toContain('it was ended')
    await expectSound()
  })
})

it('a source that points at another database by now says so, and touches nothing there', async () => {
  await start()
  await failureOf(chain.take('full', killedAt('users01')))
  server.database.databaseId++
  expect((await chain.recover()).notes.join()).toContain('look there')
  expect(active()).not.toEqual([])
})
