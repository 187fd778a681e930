import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../../../uploader/config/load.ts'
import { exchangeDetector } from '../../../uploader/engines/exchange/detect/detector.ts'
import { Settings } from '../../../uploader/engines/exchange/settings.ts'
import { initialise } from '../../../uploader/init/init.ts'
import { assumed } from '../../../uploader/init/questions.ts'
import { WindowsServer } from '../../doubles/windows/server.ts'

const { signal } = new AbortController()
let server: WindowsServer
beforeEach(() => {
  server = new WindowsServer()
  server.enter()
})
afterEach(() => {
  delete process.env.ExchangeInstallPath
  server[Symbol.dispose]()
})

test('Exchange is found where it is installed, with settings that will do and the right that it lacks', async () => {
  const [found, ...others] = await exchangeDetector.detect(signal)
  expect(others).toEqual([])
  expect(Settings.parse(found!.settings)).toMatchObject({ systemState: false, copies: 'active' })
  expect(found!.withoutAccount!.statements[0]).toMatch(/^Add-RoleGroupMember .* -Member .+\$$/)
  expect(await exchangeDetector.detectAt('exchange', signal)).toEqual(found)
})

test('it is not found where there is none, or under another name', async () => {
  expect(await exchangeDetector.detectAt('127.0.0.1:3306', signal)).toBeUndefined()
  delete process.env.ExchangeInstallPath
  expect(await exchangeDetector.detect(signal)).toEqual([])
})

test('init writes a source without an account, and shows the right that is to be given', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-init-'))
  const path = join(directory, 'failsafe.yaml')
  const setup = {
    detectors: [exchangeDetector],
    questions: assumed,
    address: undefined,
    name: undefined,
    administrator: { user: 'root', password: undefined },
    account: 'failsafe',
    timeZone: 'Europe/Berlin',
    platform: 'linux' as const,
    signal,
    say() {},
  }
  try {
    const added = await initialise({ ...setup, config: parseConfig('', path, directory) })
    expect(added).toMatchObject([{ name: 'exchange', passwordFile: undefined, statements: [expect.any(String)] }])
    const text = await readFile(path, 'utf8')
    expect(text).toContain('engine: exchange')
    expect(text).toContain('systemState: false')
    expect(await initialise({ ...setup, config: parseConfig(text, path, directory) })).toEqual([])
  } finally {
    await rm(directory, { recursive: true })
  }
})
