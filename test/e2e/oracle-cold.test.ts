import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Rman } from '../doubles/rman/rman.ts'
import { type Oracle, startOracle } from '../doubles/tns/oracle.ts'
import { writer } from '../engines/oracle/samples.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { lastJson } from '../support/run.ts'
import type { Host } from './customer.ts'
import { expectNothingToUndo, followed, laidOut, oracleHost } from './oracle.ts'

let cloud: TestCloud
let server: Oracle
let rman: Rman
let host: Host
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
afterEach(async () => {
  await host?.close()
  await rman?.[Symbol.asyncDispose]()
  await server?.close()
})

/** A database that keeps no archived logs, with something in it. */
async function start(noarchivelog: 'closed' | 'shutdown'): Promise<void> {
  server = await startOracle({ blocks: 64, archiveLog: false, pluggable: ['sales'] })
  rman = new Rman(server)
  host = await oracleHost(cloud, server, [
    `noarchivelog: ${noarchivelog}`,
    `rman: { home: ${rman.home}, sid: ${rman.sid} }`,
  ])
  writeSome()
}

function writeSome(): void {
  const { write } = writer(server)
  for (let i = 0; i < 10; i++) write()
}

const backUp = (options?: Parameters<Host['failsafe']>[1]) =>
  host.failsafe(['backup', 'shop', '--mode', 'full', '--json'], options)

const openMode = (name: string) => server.database.containers.find(each => each.name === name)!.openMode

async function expectRestored(): Promise<void> {
  const { got, held } = await followed(await laidOut(host, 'restored'), server)
  expect(Object.keys(got).length).toBeGreaterThan(5)
  expect(got).toEqual(held)
}

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(join(server.database.directory, 'diag'))).toEqual([])
  await expectNothingToUndo(host)
}

test('a database that is shut down for it: full, open again, and the way back, with the built binary', async () => {
  await start('shutdown')
  const done = await backUp()
  expect(done.code, done.stdout + done.stderr).toBe(0)
  const summary = lastJson(done)
  expect(summary).toMatchObject({ kind: 'full', promoted: null, warnings: [] })
  expect(summary.peakRssBytes).toBeLessThan(128 * 1024 ** 2)
  expect(rman.told.filter(command => !command.startsWith('CONNECT'))).toEqual([
    'SHUTDOWN IMMEDIATE;',
    'STARTUP MOUNT;',
    'ALTER DATABASE OPEN;',
  ])
  expect(server.database.status).toBe('OPEN')
  expect(openMode('SALES')).toBe('READ WRITE')
  await expectNothingLeft()
  writeSome()
  await expectRestored()
})

test('a database that somebody closes for it is left closed; while it is open nothing is copied, with the built binary', async () => {
  await start('closed')
  const refused = await backUp()
  expect(refused.code).toBe(1)
  expect(lastJson(refused)).toMatchObject({ type: 'error', code: 'oracle-not-closed' })
  server.shutdown()
  server.mount()
  expect(lastJson(await backUp())).toMatchObject({ type: 'summary', kind: 'full', warnings: [] })
  expect(server.database.status).toBe('MOUNTED')
  expect(rman.told).toEqual([])
  await expectNothingLeft()
})

/** A run that dies when the time comes. @param arm is told how */
async function killed(arm: (die: () => void) => void): Promise<void> {
  let kill = () => {}
  arm(() => kill())
  const died = await backUp({
    onStart: child => {
      kill = () => child.kill('SIGKILL')
    },
  })
  expect(died.signal, died.stdout + died.stderr).toBe('SIGKILL')
}

/** RMAN dies as well, as all of a service does. */
const whenTold = (at: string) => (die: () => void) => {
  rman.before = command => {
    if (command !== at) return
    rman.before = () => {}
    die()
    throw new Error('killed')
  }
}

const whenAsked =
  (at: RegExp, skip = 0) =>
  (die: () => void) =>
    server.faults.add(at, die, { skip })

const openedAgain = 'An earlier run had left the database closed; it was opened again'

test.each<[string, (die: () => void) => void, boolean]>([
  ['before RMAN shuts down', whenTold('SHUTDOWN IMMEDIATE;'), false],
  ['between shutdown and mount', whenTold('STARTUP MOUNT;'), true],
  ['before the control file is copied', whenAsked(/BACKUP CONTROLFILE TO '/), true],
  ['when all files were read', whenAsked(/last_change#/, 1), true],
  ['before it is opened again', whenTold('ALTER DATABASE OPEN;'), true],
])('killed %s: the next run opens the database, and says so', async (_, arm, wasClosed) => {
  await start('shutdown')
  await killed(arm)
  expect(server.isRunning && server.database.status === 'OPEN').toBe(!wasClosed)
  const next = await backUp()
  expect(lastJson(next), next.stderr).toMatchObject({ type: 'summary', kind: 'full' })
  expect(next.stdout.includes(openedAgain)).toBe(wasClosed)
  expect(server.database.status).toBe('OPEN')
  expect(openMode('SALES')).toBe('READ WRITE')
  await expectNothingLeft()
})

test('killed while RMAN shuts the database down, which goes on by itself: the next run waits for that, and opens it', async () => {
  await start('shutdown')
  const looked = Promise.withResolvers<void>()
  await killed(die => {
    rman.before = command => {
      if (command !== 'SHUTDOWN IMMEDIATE;') return undefined
      rman.before = again => {
        if (again.startsWith('CONNECT')) looked.resolve()
      }
      die()
      return looked.promise.then(() => setTimeout(1000))
    }
  })
  const next = await backUp()
  expect(lastJson(next), next.stderr).toMatchObject({ type: 'summary', kind: 'full' })
  expect(next.stdout).toContain(openedAgain)
  expect(server.database.status).toBe('OPEN')
  await expectNothingLeft()
})
