import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkLogs } from '../../../uploader/engines/exchange/doctor/check-logs.ts'
import { checkRights } from '../../../uploader/engines/exchange/doctor/check-rights.ts'
import { exchange } from '../../../uploader/engines/exchange/engine.ts'
import type { Settings } from '../../../uploader/engines/exchange/settings.ts'
import { WindowsServer } from '../../doubles/windows/server.ts'
import type { World } from '../../doubles/windows/world.ts'

let server: WindowsServer
const { signal } = new AbortController()

beforeEach(() => {
  server = new WindowsServer(world => {
    world.domainRole = 5
  })
  server.addDatabase('Sales')
  server.write('Sales', { a: 'b' }, { logs: 2 })
  server.enter()
})
afterEach(() => server[Symbol.dispose]())

const settings = (more: object = {}): Settings => exchange.settings.parse({ systemState: { target: 'S:' }, ...more })
const codes = async (more?: object) =>
  (await checkRights(settings(more), signal)).map(({ code, grave }) => `${code}${grave ? ' !' : ''}`)

describe('the doctor', () => {
  it('has nothing to say of a server that is as it should be', async () => {
    expect(await codes()).toEqual([])
    expect(await checkLogs(settings(), 900, signal)).toEqual([])
  })

  it.each<[string, (world: World) => unknown, string, object?]>([
    ['no administrator', world => Object.assign(world, { elevated: false }), 'exchange-not-elevated !'],
    ['no writer', world => world.writers.splice(3), 'exchange-writer-missing !'],
    ['a writer that waits', world => Object.assign(world.writers[3]!, { state: 5 }), 'exchange-writer-busy'],
    ['a writer that failed', world => Object.assign(world.writers[3]!, { state: 8 }), 'exchange-writer-failed'],
    ['other writers that failed', world => Object.assign(world.writers[1]!, { state: 9 }), 'exchange-other-writers'],
    [
      'little room for the differences',
      world => Object.assign(world.volumes[1]!, { free: 2 ** 30 }),
      'exchange-volume-small',
    ],
    [
      'little room for the System State',
      world => Object.assign(world.volumes[3]!, { free: 2 ** 30 }),
      'exchange-system-state-small !',
    ],
    [
      'no Windows Server Backup',
      world => Object.assign(world, { serverBackup: false }),
      'exchange-system-state-feature !',
    ],
    ['Windows’ own volume', () => {}, 'exchange-system-state-source !', { systemState: { target: 'C:' } }],
    ['no System State', () => {}, 'exchange-system-state-left-out', { systemState: false }],
    ['a member server', world => Object.assign(world, { domainRole: 3 }), 'active-directory-elsewhere'],
    [
      'a dismounted database',
      world => Object.assign(world.databases[0]!, { mounted: false }),
      'exchange-databases-left-out',
    ],
  ])('tells of %s', async (_what, change, code, more) => {
    server.change(world => void change(world))
    expect(await codes(more)).toEqual([code])
  })

  it('names a closed log that is damaged and its database, gravely where no other can be backed up', async () => {
    writeFileSync(server.local('L:\\Sales\\E0000000002.log'), 'torn')
    const told = {
      code: 'exchange-log-damaged',
      what: 'Sales would not be backed up now: The transaction log L:\\Sales\\E0000000002.log is not whole',
      why: 'it has only 4 bytes',
    }
    expect(await checkRights(settings(), signal)).toMatchObject([{ ...told, grave: true }])
    server.addDatabase('Other')
    expect(await checkRights(settings(), signal)).toMatchObject([{ ...told, grave: false }])
  })

  it('tells of a Windows that has no diskshadow', async () => {
    await rm(join(server.env.SystemRoot!, 'System32', 'diskshadow.exe'))
    expect(await codes()).toEqual(['exchange-tool-missing !'])
  })

  it('tells of circular logging, gravely where it is on for all', async () => {
    server.change(world => {
      world.databases[0]!.circular = true
    })
    expect(await checkLogs(settings(), 900, signal)).toMatchObject([{ code: 'exchange-circular-logging', grave: true }])
    server.addDatabase('Other')
    expect(await checkLogs(settings(), 900, signal)).toMatchObject([
      { grave: false, what: 'Log runs do not hold Sales' },
    ])
  })
})

describe('settings', () => {
  it.each([
    [{}, 'systemState'],
    [{ systemState: { target: 'D:\\folder' } }, 'a volume such as S:'],
    [{ systemState: { target: '/mnt' } }, 'a volume such as S:'],
    [{ systemState: false, include: ['a'], exclude: ['b'] }, 'either include or exclude'],
    [{ systemState: false, colour: 'red' }, 'colour'],
  ])('%j is refused', (given, why) => {
    expect(exchange.settings.safeParse(given).error?.message ?? '').toContain(why)
  })

  it('a volume and a share are taken with or without a backslash at the end', () => {
    expect(settings({ systemState: { target: 'S:\\' } }).systemState).toEqual({ target: 'S:' })
    expect(settings({ systemState: { target: '\\\\nas\\backup\\' } }).systemState).toEqual({
      target: '\\\\nas\\backup',
    })
  })
})
