import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { oracle as engine } from '../../../uploader/engines/oracle/engine.ts'
import { requireOutsideService } from '../../../uploader/engines/oracle/rman/outside-service.ts'
import { OraError } from '../../doubles/tns/ora.ts'
import type { OracleOptions } from '../../doubles/tns/oracle.ts'
import { failureOf } from '../mysql/harness.ts'
import type { Hooks } from './chain.ts'
import { writer } from './samples.ts'
import { chain, exchange, rman, server, source, start, startRman } from './started.ts'

async function startCold(
  noarchivelog: 'closed' | 'shutdown',
  { settings = {}, ...options }: OracleOptions & { settings?: Record<string, unknown> } = {},
): Promise<void> {
  await start({ archiveLog: false, ...options })
  startRman()
  await source({ noarchivelog, ...(noarchivelog === 'shutdown' && { rman: rman.settings }), ...settings })
  const { write } = writer(server)
  for (let i = 0; i < 10; i++) write()
}

const modes = () => server.database.containers.map(({ openMode }) => openMode)
const told = () => rman.told.filter(command => !command.startsWith('CONNECT'))

const killedAt = (name: string): Hooks => ({
  killed: true,
  before: artefact => {
    if (artefact.name.includes(name)) throw new Error('killed')
  },
})

async function expectRestored(): Promise<void> {
  const { got, held } = await chain.restore({ kind: 'latest' })
  expect(got).toEqual(held)
  expect(Object.keys(got).length).toBeGreaterThan(0)
}

function expectOpenAgain(): void {
  expect(server.database.status).toBe('OPEN')
  expect(existsSync(chain.undo)).toBe(false)
  expect(exchange()).toEqual([])
}

describe('a database in NOARCHIVELOG mode that may be shut down', () => {
  it('is shut down, copied and opened again, and restored to the state that it was closed in', async () => {
    await startCold('shutdown')
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    expectOpenAgain()
    expect(told()).toEqual(['SHUTDOWN IMMEDIATE;', 'STARTUP MOUNT;', 'ALTER DATABASE OPEN;'])
    expect(server.statements.some(({ sql }) => /BACKUP$|ARCHIVE LOG|DIRECTORY/.test(sql))).toBe(false)
    writer(server).write()
    await expectRestored()
  })

  it('is open as soon as its files are read, while the rest is sealed', async () => {
    await startCold('shutdown')
    const closed = new Map<string, boolean>()
    await chain.take('full', {
      onChunk: ({ name }) => void closed.set(name, server.database.status !== 'OPEN'),
    })
    expect([...closed.values()].every(Boolean)).toBe(true)
    expect(closed.size).toBe(8)
    expectOpenAgain()
  })

  it('has a runbook and scripts that apply no redo', async () => {
    await startCold('shutdown')
    await chain.take('full')
    const { runbook, files } = await chain.report({ kind: 'latest' })
    expect(runbook).toContain('copied while it was closed')
    const content = (name: string) => files!.find(file => file.name === name)!.content
    for (const name of ['restore.sql', 'restore-same-paths.sql']) {
      expect(content(name)).toContain('ALTER DATABASE RECOVER CANCEL;')
      expect(content(name)).not.toMatch(/RECOVER AUTOMATIC|UNTIL (CHANGE|TIME)/)
    }
    expect(content('restore.rman')).toContain('RECOVER DATABASE NOREDO;')
    expect(content('restore.rman')).not.toContain('SET UNTIL')
    expect(await failureOf(chain.report({ kind: 'latest' }, '1900000'))).toMatch(/^restore-place: .*no archived logs/)
  })

  it('has its pluggable databases opened again as they were, and those that were closed left so', async () => {
    await startCold('shutdown', { pluggable: ['sales', 'hr', 'old'] })
    const [, , , hr, old] = server.database.containers
    hr!.openMode = 'READ ONLY'
    old!.openMode = 'MOUNTED'
    const before = modes()
    await chain.take('full')
    expectOpenAgain()
    expect(modes()).toEqual(before)
    await expectRestored()
  })

  it('is backed up by RMAN, and open before the pieces are read', async () => {
    await startCold('shutdown', {})
    await source({ noarchivelog: 'shutdown', method: 'rman', rman: rman.settings })
    const states = new Set<string>()
    const taken = await chain.take('full', {
      before: ({ name }) => {
        if (name.startsWith('rman/')) states.add(server.database.status)
      },
    })
    expect([...states]).toEqual(['OPEN'])
    expectOpenAgain()
    const pieces = taken.files.filter(({ attributes }) => attributes.piece !== undefined)
    expect(pieces.map(({ size }) => size)).toEqual(server.database.dataFiles.map(({ path }) => statSync(path).size))
    const { files } = await chain.report({ kind: 'latest' })
    const script = files!.find(({ name }) => name === 'restore.rman')!.content
    expect(script).toContain('  RESTORE DATABASE;\n  SWITCH DATAFILE ALL;\n  RECOVER DATABASE NOREDO;')
    expect(script).not.toContain('SET UNTIL')
  })

  it('takes no log runs, which would shut it down each time; the doctor says so beforehand', async () => {
    await startCold('shutdown')
    await chain.take('full')
    expect(await failureOf(chain.take('log'))).toMatch(/^oracle-noarchivelog-log: .*schedule\.log/)
    const findings = await engine.checkLogs!(chain.settings, 3600, new AbortController().signal)
    expect(findings).toMatchObject([{ code: 'oracle-noarchivelog-log', grave: true }])
  })

  it('that archives its logs by now is backed up hot, after a full of its own', async () => {
    await startCold('shutdown')
    await chain.take('full')
    server.database.archiveLog = true
    const before = rman.told.length
    expect(await chain.take('log')).toMatchObject({ promoted: 'NO_BASE', plan: { kind: 'full' } })
    expect(rman.told.length).toBe(before)
    await expectRestored()
  })

  it('is left alone while it is open in several instances', async () => {
    await startCold('shutdown', { threads: 2 })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-several-instances: /)
    expect(told()).toEqual([])
    expectOpenAgain()
  })
})

describe('a database that was shut down is opened again', () => {
  it.each(['datafiles/0004', 'control.ctl'])('when a run fails at %s', async name => {
    await startCold('shutdown', { pluggable: ['sales'] })
    const { killed: _, ...fails } = killedAt(name)
    expect(await failureOf(chain.take('full', fails))).toContain('killed')
    expectOpenAgain()
    expect(modes()[2]).toBe('READ WRITE')
  })

  it('when the run is stopped', async () => {
    await startCold('shutdown')
    const stop = new AbortController()
    const stopped = chain.take('full', { signal: stop.signal, onChunk: () => stop.abort(new Error('stopped')) })
    expect(await failureOf(stopped)).toContain('stopped')
    expectOpenAgain()
  })

  it.each(['datafiles/0001', 'control.ctl'])('by the next process, when one is killed at %s', async name => {
    await startCold('shutdown', { pluggable: ['sales'] })
    await failureOf(chain.take('full', killedAt(name)))
    expect(server.database.status).toBe('MOUNTED')
    expect(await chain.recover()).toEqual({
      notes: ['An earlier run had left the database closed; it was opened again'],
    })
    expect(server.database.status).toBe('OPEN')
    expect(modes()[2]).toBe('READ WRITE')
    expect(existsSync(chain.undo)).toBe(false)
    await chain.take('full')
    expectOpenAgain()
    await expectRestored()
  })

  it.each(['SHUTDOWN IMMEDIATE;', 'STARTUP MOUNT;'])('when RMAN fails at %s', async at => {
    await startCold('shutdown')
    rman.before = command => {
      if (command === at) throw new OraError(3113, 'end-of-file on communication channel')
    }
    expect(await failureOf(chain.take('full'))).toMatch(/^rman-failed: .*ORA-03113/)
    expectOpenAgain()
  })

  it('when it does not shut down in time', async () => {
    await startCold('shutdown')
    rman.before = command => (command === 'SHUTDOWN IMMEDIATE;' ? new Promise(() => {}) : undefined)
    const failure = await failureOf(chain.take('full', { options: { times: { shutdown: 500 } } }))
    expect(failure).toMatch(/^oracle-shutdown-stuck: .*alert log/)
    expectOpenAgain()
  })

  it('by the next run, when it cannot be opened at once: that is said, and stays noted', async () => {
    await startCold('shutdown')
    rman.before = command => {
      if (command === 'ALTER DATABASE OPEN;') throw new OraError(1157, 'cannot identify/lock data file 4')
    }
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-left-closed: .*ORA-01157.*STARTUP/)
    expect(server.database.status).toBe('MOUNTED')
    expect(existsSync(chain.undo)).toBe(true)
    expect(await failureOf(chain.recover())).toMatch(/^oracle-left-closed: /)
    rman.before = () => {}
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([expect.stringMatching(/^oracle-opened-again: /)])
    expectOpenAgain()
  })

  it('also where a pluggable database of it does not open: that fails the run, and the next one tries it', async () => {
    await startCold('shutdown', { pluggable: ['sales'] })
    server.faults.add(/ALTER PLUGGABLE DATABASE "SALES" OPEN/, new OraError(1157, 'cannot identify data file 9'), {
      times: 2,
    })
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-refused: .*ORA-01157/)
    expect(server.database.status).toBe('OPEN')
    expect(existsSync(chain.undo)).toBe(true)
    await chain.recover()
    expect(modes()[2]).toBe('READ WRITE')
    expectOpenAgain()
  })

  it('not once more, when somebody was faster', async () => {
    await startCold('shutdown')
    await failureOf(chain.take('full', killedAt('datafiles/0002')))
    server.database.open()
    expect(await chain.recover()).toEqual({ notes: [] })
    expectOpenAgainBySomebody()
  })

  it('when the machine went down with it', async () => {
    await startCold('shutdown')
    await failureOf(chain.take('full', killedAt('datafiles/0002')))
    server.crash()
    expect((await chain.recover()).notes).toHaveLength(1)
    expect(told().at(-1)).toBe('STARTUP;')
    expectOpenAgainBySomebody()
  })
})

function expectOpenAgainBySomebody(): void {
  expect(server.database.status).toBe('OPEN')
  expect(existsSync(chain.undo)).toBe(false)
}

describe('a database in NOARCHIVELOG mode that somebody closes for the backup', () => {
  it('is copied while it is mounted, and left so', async () => {
    await startCold('closed')
    server.shutdown()
    server.mount()
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    expect(server.database.status).toBe('MOUNTED')
    expect(rman.told).toEqual([])
    await expectRestored()
    expect(await engine.checkRights!(chain.settings, new AbortController().signal)).toEqual([])
  })

  it('is not copied while it is open', async () => {
    await startCold('closed')
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-not-closed: .*STARTUP MOUNT/)
    expect(server.database.status).toBe('OPEN')
  })

  it('is not copied after a crash: its files are of many moments', async () => {
    await startCold('closed')
    server.crash()
    server.mount()
    expect(await failureOf(chain.take('full'))).toMatch(/^oracle-not-cleanly-closed: .*system01\.dbf/)
  })

  it.each([
    ['opened', () => server.database.open()],
    [
      'opened and closed again',
      () => {
        server.database.open()
        writer(server).write()
        server.database.checkpoint()
        Object.assign(server.database, { status: 'MOUNTED', closedCleanly: true })
      },
    ],
  ])('is not taken for whole when it is %s meanwhile', async (_, happen) => {
    await startCold('closed')
    server.shutdown()
    server.mount()
    let done = false
    const failure = await failureOf(
      chain.take('full', {
        onChunk: ({ name }) => {
          if (done || !name.startsWith('datafiles/0003')) return
          done = true
          happen()
        },
      }),
    )
    expect(failure).toMatch(/^oracle-(changed|not-closed|file-changed): /)
  })
})

describe('an instance that failsafe starts', () => {
  const inGroup = async (content: string) => {
    const file = join(server.database.directory, 'cgroup')
    writeFileSync(file, content)
    return requireOutsideService(file)
  }

  it('is not started by its own service, which would kill it when it stops', async () => {
    await start()
    const service = '0::/system.slice/failsafe.service\n'
    await expect(inGroup(service)).rejects.toMatchObject({ code: 'oracle-start-in-service' })
    await expect(inGroup(`12:pids:/system.slice/failsafe.service\n${service}`)).rejects.toThrow('does not start')
    await inGroup('0::/user.slice/user-54321.slice/session-3.scope\n')
    await inGroup('0::/system.slice/not-failsafe.service.d\n')
    await requireOutsideService('/nowhere')
  })
})

describe('settings of a database that is copied while it is closed', () => {
  const connection = { user: 'c##bkp', service: 'shop' }
  const parse = (more: object) => engine.settings.safeParse({ connection, directory: '/u02', ...more })
  const refusals = (more: object) => parse(more).error?.issues.map(({ path }) => path.join('.'))

  it('name what it takes to shut it down, and go with files of this machine alone', () => {
    expect(refusals({ noarchivelog: 'shutdown' })).toEqual(['rman'])
    expect(refusals({ noarchivelog: 'closed', files: 'remote' })).toEqual(['files'])
    expect(refusals({ noarchivelog: 'closed', asm: 'copy' })).toEqual(['asm'])
    expect(refusals({ noarchivelog: 'closed', connection: { ...connection, as: 'none' } })).toEqual(['connection.as'])
    expect(parse({ noarchivelog: 'shutdown', rman: { home: '/u01', sid: 'shop' } }).success).toBe(true)
  })
})
