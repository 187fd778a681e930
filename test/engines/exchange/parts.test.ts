import { truncate } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, expect, it, test } from 'vitest'
import { exchange } from '../../../uploader/engines/exchange/engine.ts'
import { folderNames } from '../../../uploader/engines/exchange/folders.ts'
import { judgeEnd } from '../../../uploader/engines/exchange/full/verdict.ts'
import { resultIn, shadowIdsIn } from '../../../uploader/engines/exchange/shadow/diskshadow.ts'
import { Gate } from '../../../uploader/engines/exchange/shadow/gate.ts'
import { hook } from '../../../uploader/engines/exchange/shadow/hook.ts'
import { exposuresFor } from '../../../uploader/engines/exchange/shadow/letters.ts'
import { backupScript, hookFile } from '../../../uploader/engines/exchange/shadow/script.ts'
import { volumeOf } from '../../../uploader/engines/exchange/windows/volumes.ts'
import { volume, WindowsServer } from '../../doubles/windows/server.ts'

describe('the hook', () => {
  it('ends well where it is let go, and the gate knows that it heard', async () => {
    const gate = await Gate.open()
    const ended = hook([gate.address, gate.token])
    await gate.arrived
    expect(await gate.letGo()).toBe(true)
    expect(await ended).toBe(0)
    gate.close()
  })

  it('ends badly where the gate is closed, where there is none, and where it is told nothing of one', async () => {
    const gate = await Gate.open()
    const ended = hook([gate.address, gate.token])
    await gate.arrived
    gate.close()
    expect(await ended).toBe(1)
    expect(await hook([gate.address, gate.token])).toBe(1)
    expect(await hook([])).toBe(2)
  })

  it('is known by its token: nobody else is let go', async () => {
    const gate = await Gate.open()
    expect(await hook([gate.address, 'another'])).toBe(1)
    const ended = hook([gate.address, gate.token])
    await gate.arrived
    expect(await hook([gate.address, gate.token])).toBe(1)
    expect(await gate.letGo()).toBe(true)
    expect(await ended).toBe(0)
    gate.close()
  })

  it('that went away is not let go', async () => {
    const gate = await Gate.open()
    const socket = connect(gate.address.replace('@', '\0'), () => socket.write(`${gate.token}\n`))
    await gate.arrived
    socket.destroy()
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(await gate.letGo()).toBe(false)
    gate.close()
  })
})

describe('a script for diskshadow', () => {
  const script = (metadata: string) =>
    backupScript({
      server: 'EX01',
      otherWriters: [],
      taken: [],
      left: [],
      exposures: exposuresFor([volume('E:\\', 2)], []),
      files: { metadata, hook: 'D:\\s\\hook.cmd' },
    })

  it.each([
    ['D:\\my staging\\exch.cab', 'a space'],
    ['D:\\Sicherungslöschung\\exch.cab', 'beyond ASCII'],
    ['D:\\%TEMP%\\exch.cab', 'a percent sign'],
    [`D:\\${'a'.repeat(250)}\\exch.cab`, 'characters, and 240 are the most'],
  ])('cannot name %s', (path, why) => {
    expect(() => script(path)).toThrow(
      expect.objectContaining({ code: 'exchange-path', why: expect.stringContaining(why) }),
    )
  })

  it('is lines of ASCII that end with CR LF', () => {
    expect(script('D:\\s\\exch.cab')).toMatch(/^(?:[\x20-\x7e]+\r\n)+$/)
  })

  it('starts the hook through a file in which nothing is a variable', () => {
    expect(hookFile(['C:\\Program Files\\100%\\failsafe.exe', '__vss-hook', 'x'])).toBe(
      '@echo off\r\n"C:\\Program Files\\100%%\\failsafe.exe" "__vss-hook" "x"\r\nexit /b %ERRORLEVEL%\r\n',
    )
  })
})

test('what diskshadow says is understood in any language', () => {
  const output = [
    'Alias failsafe1 für Schattenkopie-ID {11111111-2222-3333-4444-555555555555} als Umgebungsvariable festgelegt.',
    'Alias failsafe11 für Schattenkopie-ID {aaaaaaaa-2222-3333-4444-555555555555} als Umgebungsvariable festgelegt.',
    'Fehler beim letzten Vorgang.',
    '        - Zurückgegebener HRESULT: 800423f2',
  ].join('\r\n')
  expect(shadowIdsIn(output, ['failsafe1', 'failsafe2', 'failsafe11'])).toEqual([
    '{11111111-2222-3333-4444-555555555555}',
    '{aaaaaaaa-2222-3333-4444-555555555555}',
  ])
  expect(resultIn(output)).toBe('800423F2')
  expect(resultIn('nothing')).toBeUndefined()
})

test('letters: free ones from P on, and too few are an error', () => {
  const volumes = Array.from({ length: 3 }, (_, i) => volume(`${'EFG'[i]}:\\`, i))
  expect(exposuresFor(volumes, ['C:', 'p:', 'R:']).map(({ letter }) => letter)).toEqual(['Q:', 'S:', 'T:'])
  const all = [...'ABCDEFGHIJKLMNOPQRSTUVWX'].map(letter => `${letter}:`)
  expect(() => exposuresFor(volumes, all)).toThrow(expect.objectContaining({ code: 'exchange-no-letter' }))
})

test('a path lies on the volume that is mounted deepest; a path on none is an error', () => {
  const volumes = [volume('C:\\', 1), volume('C:\\mnt\\db1\\', 2), volume('C:\\mnt\\db10\\', 3)]
  const name = (path: string) => volumeOf(path, volumes).name
  expect(name('C:\\mnt\\db1\\a.edb')).toBe('C:\\mnt\\db1\\')
  expect(name('c:\\MNT\\DB10')).toBe('C:\\mnt\\db10\\')
  expect(name('C:\\mnt\\db11\\a.edb')).toBe('C:\\')
  expect(() => name('Z:\\a.edb')).toThrow(expect.objectContaining({ code: 'exchange-volume-unknown' }))
})

test('folders: no two the same, and none that a file system refuses', () => {
  expect([...folderNames(['Sales', 'SALES', 'a/b', 'a:b', 'dots..', '\u0001']).values()]).toEqual([
    'Sales',
    'SALES-2',
    'a_b',
    'a_b-2',
    'dots_',
    '_',
  ])
})

describe('how a backup ended', () => {
  const ended = (result?: string) => ({ code: 0, output: `-> end backup\r\nHRESULT: ${result}`, result })

  it.each([
    [true, undefined, 1, [], true, 0],
    [true, undefined, 1, ['Sales'], true, 1],
    [true, '8004230F', 1, [], true, 1],
    [true, '8004230F', 1, ['Sales'], false, 1],
    // One of two was truncated: what is staged of it is nowhere else.
    [true, '8004230F', 2, ['Sales'], true, 1],
    [false, undefined, 1, ['Sales'], false, 1],
    [false, undefined, 1, [], true, 1],
  ])(
    'hook let go %j, error %s, of %i not noted %j: advanced %j, notes %i',
    (hookEnded, result, active, unstamped, advanced, notes) => {
      const verdict = judgeEnd({ hook: hookEnded, ended: ended(result), active, unstamped, passive: [] })
      expect(verdict.advanced).toBe(advanced)
      expect(verdict.notes).toHaveLength(notes)
    },
  )

  it.each([
    [true, '8004230F'],
    [false, undefined],
  ])('of passive copies alone is not claimed to be known: hook let go %j, error %s', (hookEnded, result) => {
    const verdict = judgeEnd({ hook: hookEnded, ended: ended(result), active: 0, unstamped: [], passive: ['Mail'] })
    expect(verdict.advanced).toBe(true)
    expect(verdict.notes).toEqual([expect.stringContaining('it is not seen whether'), expect.stringContaining('Mail')])
  })
})

test('a database beyond 2 TiB is planned to the byte', async () => {
  using server = new WindowsServer()
  server.addDatabase('Large')
  server.enter()
  const size = 3 * 2 ** 40 + 32_768
  await truncate(server.local('E:\\Large\\Large.edb'), size)
  const inventory = await exchange.inspect(
    exchange.settings.parse({ systemState: false }),
    new AbortController().signal,
  )
  expect(exchange.plan('full', inventory, { data: null, log: null }).expectedBytes).toBe(size)
})
