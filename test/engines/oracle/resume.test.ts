import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { makeReadOnly, makeReadWrite } from '../../doubles/tns/rules/tablespaces.ts'
import { failureOf } from '../mysql/harness.ts'
import type { Hooks } from './chain.ts'
import { users, writer } from './samples.ts'
import { chain, rman, server, source, start, startRman } from './started.ts'

/** The process dies when it comes to read an artefact. */
const killedAt = (name: string): Hooks => ({
  killed: true,
  before: artefact => {
    if (artefact.name.includes(name)) throw new Error('killed')
  },
})

/** Which of them a run reads. */
function reading(pattern: RegExp): { names: string[]; hooks: Hooks } {
  const names: string[] = []
  return {
    names,
    hooks: {
      before: ({ name }) => {
        if (pattern.test(name)) names.push(name.replace(/^(datafiles|logs)\//, ''))
      },
    },
  }
}

async function expectRestored(): Promise<void> {
  const { got, held } = await chain.restore({ kind: 'latest' })
  expect(got).toEqual(held)
  expect(Object.keys(got).length).toBeGreaterThan(0)
}

describe('a full whose process was killed', () => {
  async function killed(): Promise<void> {
    await start({ tablespaces: ['OLD', 'PAST'] })
    const { write } = writer(server)
    for (let i = 0; i < 12; i++) write()
    for (const name of ['OLD', 'PAST']) makeReadOnly(server.database, server.database.tablespace(name)!)
    await failureOf(chain.take('full', killedAt('logs/')))
    write(users)
    await chain.recover()
  }

  it('reads again what was in backup mode, and not the files that are read only', async () => {
    await killed()
    const { names, hooks } = reading(/^datafiles/)
    await chain.take('full', hooks)
    const hot = ['0001-system01.dbf', '0002-sysaux01.dbf', '0003-undotbs101.dbf', '0004-users01.dbf']
    expect(names).toEqual(expect.arrayContaining(hot))
    expect(names).not.toContain('0005-old01.dbf')
    await expectRestored()
  })

  it('reads a file again that was written to in between, though it is read only again', async () => {
    await killed()
    const old = server.database.tablespace('OLD')!
    makeReadWrite(server.database, old)
    const { number } = server.database.filesOf(old)[0]!
    writer(server).write(number)
    makeReadOnly(server.database, old)
    const { names, hooks } = reading(/old01/)
    await chain.take('full', hooks)
    expect(names).toHaveLength(1)
    await expectRestored()
  })
})

describe('a log run whose process was killed', () => {
  async function killed(): Promise<void> {
    await start()
    const { write } = writer(server)
    await chain.take('full')
    for (let i = 0; i < 3; i++) {
      write()
      server.database.logs.switch(1)
    }
    const last = server.database.logs.archived.at(-1)!.sequence
    await failureOf(chain.take('log', killedAt(`logs/1_${last}_`)))
    write()
  }

  it('reads only the logs that were not staged', async () => {
    await killed()
    const { names, hooks } = reading(/^logs/)
    expect(await chain.take('log', hooks)).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    const sequences = names.map(name => name.split('_')[1])
    expect(sequences).toContain('4')
    expect(sequences).not.toContain('2')
    await expectRestored()
  })

  it('goes on where those that are staged were deleted since', async () => {
    await killed()
    const first = server.database.logs.archived.find(({ sequence }) => sequence === 2)!
    rmSync(first.path)
    Object.assign(first, { name: null, deleted: true, status: 'D' })
    expect(await chain.take('log')).toMatchObject({ promoted: undefined, plan: { kind: 'log' } })
    await expectRestored()
  })

  it('takes nothing of before once the database was opened with RESETLOGS', async () => {
    await killed()
    server.database.openResetlogs()
    writer(server).write()
    expect(await chain.take('log')).toMatchObject({ promoted: 'RESETLOGS', plan: { kind: 'full' } })
    await expectRestored()
  })
})

describe('a cold full whose process was killed', () => {
  it('reads no file again of a database that stayed closed, and sees that it did', async () => {
    await start({ archiveLog: false })
    await source({ noarchivelog: 'closed' })
    const { write } = writer(server)
    for (let i = 0; i < 6; i++) write()
    server.shutdown()
    server.mount()
    await failureOf(chain.take('full', killedAt('datafiles/0004')))
    const { names, hooks } = reading(/^datafiles/)
    await chain.take('full', hooks)
    expect(names).toContain('0004-users01.dbf')
    expect(names).not.toContain('0001-system01.dbf')
    await expectRestored()
  })

  it('reads all of a database again that was opened meanwhile, but for what is read only', async () => {
    await start({ archiveLog: false, tablespaces: ['OLD'] })
    startRman()
    await source({ noarchivelog: 'shutdown', rman: rman.settings })
    const { write } = writer(server)
    for (let i = 0; i < 6; i++) write()
    makeReadOnly(server.database, server.database.tablespace('OLD')!)
    await failureOf(chain.take('full', { ...killedAt('nothing'), onChunk: stopAt('datafiles/0005') }))
    await chain.recover()
    write(users)
    const { names, hooks } = reading(/^datafiles/)
    await chain.take('full', hooks)
    expect(names.length).toBeGreaterThanOrEqual(4)
    expect(server.database.status).toBe('OPEN')
    await expectRestored()
  })
})

function stopAt(name: string): NonNullable<Hooks['onChunk']> {
  return artefact => {
    if (artefact.name.includes(name)) throw new Error('killed')
  }
}
