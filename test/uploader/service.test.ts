import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { XMLParser } from 'fast-xml-parser'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../uploader/config/load.ts'
import type { Host } from '../../uploader/service/host.ts'
import { thisHost } from '../../uploader/service/host.ts'
import { commandOf, needsOf } from '../../uploader/service/needs.ts'
import { systemdService } from '../../uploader/service/systemd/service.ts'
import { type UnitOptions, unitOf } from '../../uploader/service/systemd/unit.ts'
import { taskService } from '../../uploader/service/windows/service.ts'
import { taskOf } from '../../uploader/service/windows/task.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from './directory.ts'
import { runHere } from './terminal.ts'

/** The image of a system, into which a service can be installed for real; only what would need root is noted instead. */
async function newImage(...sources: string[]) {
  const directory = await temporaryDirectory()
  const given: string[] = []
  const host: Host = {
    ...thisHost(directory.path),
    chown: async (path, uid) => {
      given.push(`${path.slice(directory.path.length)} ${uid === 0 ? 'root' : 'failsafe'}`)
    },
  }
  await mkdir(directory.in('etc/failsafe'), { recursive: true })
  const path = '/etc/failsafe/failsafe.yaml'
  const configure = (...lines: string[]) =>
    writeFile(directory.in('etc/failsafe/failsafe.yaml'), lines.join('\n'), { mode: 0o600 })
  await configure('staging: { dir: /srv/staging }', 'sources:', ...sources)
  await writeFile(directory.in('etc/failsafe/shop.pw'), 'secret\n', { mode: 0o600 })
  return {
    in: directory.in,
    given,
    configure,
    unit: () => readFile(directory.in('etc/systemd/system/failsafe.service'), 'utf8'),
    async service(command = ['/usr/bin/env']) {
      const config = await loadConfig(directory.in('etc/failsafe/failsafe.yaml'), {})
      return systemdService({
        host,
        command: await commandOf(command, path),
        config: path,
        state: config.state.dir,
        needs: await needsOf(config),
        enrolled: true,
      })
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}
const shop = (more = '') =>
  `  shop: { engine: mysql, connection: { socketPath: /run/mysqld/mysqld.sock, user: b, passwordFile: /etc/failsafe/shop.pw }${more} }`

const verify = async (path: string) => {
  const { code, stderr } = await run('systemd-analyze', ['verify', path])
  return { code, stderr }
}

describe('the service of systemd', () => {
  test('is a unit that systemd takes without a word, started with the machine, as an account of its own that owns what it uses', async () => {
    await using image = await newImage(shop())
    const said = await (await image.service()).install()
    expect(said[0]).toContain('starts failsafe with the machine, as failsafe.')
    expect(said[1]).toContain('Nothing was started')
    expect(await verify(image.in('etc/systemd/system/failsafe.service'))).toEqual({ code: 0, stderr: '' })
    expect(await image.unit()).toMatch(/^ExecStart=\S+ run --config \/etc\/failsafe\/failsafe\.yaml$/m)
    expect(await readFile(image.in('etc/passwd'), 'utf8')).toMatch(/^failsafe:.*:\/var\/lib\/failsafe:.*nologin$/m)
    expect(image.given.sort()).toEqual([
      '/etc/failsafe/failsafe.yaml failsafe',
      '/etc/failsafe/shop.pw failsafe',
      '/srv/staging failsafe',
      '/var/lib/failsafe failsafe',
    ])
    for (const path of ['srv/staging', 'var/lib/failsafe'])
      expect((await stat(image.in(path))).mode & 0o777).toBe(0o700)
    expect(await (await image.service()).status()).toEqual({ installed: true, enabled: true, running: false })
  })

  test('is exposed so little that systemd calls it safe', async () => {
    await using image = await newImage(shop())
    await (await image.service()).install()
    const path = image.in('etc/systemd/system/failsafe.service')
    const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', '--threshold=20', path])
    console.log(stdout.trim().split('\n').at(-1))
    const [, exposure] = /Overall exposure level for failsafe\.service: ([\d.]+)/.exec(stdout)!
    expect(Number(exposure)).toBeLessThan(2)
  })

  test('runs as root where a source needs it, and says which', async () => {
    await using image = await newImage(shop(', method: physical'))
    const [said] = await (await image.service()).install()
    expect(said).toContain('as root (shop: it copies the data files of the server)')
    expect(await image.unit()).toMatch(/^User=root\n[\s\S]*^CapabilityBoundingSet=CAP_DAC_READ_SEARCH$/m)
    expect(image.given.every(line => line.endsWith(' root'))).toBe(true)
    expect((await verify(image.in('etc/systemd/system/failsafe.service'))).code).toBe(0)
  })

  test('may write where an application puts its backups, which stays with its owner, and reads the certificate of a door', async () => {
    const connection = 'connection: { user: b, passwordFile: /etc/failsafe/shop.pw }'
    await using image = await newImage(
      `  erp: { engine: sqlserver, ${connection}, directory: /var/opt/mssql/failsafe }`,
      `  crm: { engine: sqlserver, ${connection}, door: { certificateFile: /home/crm/door.pem, keyFile: /etc/failsafe/door.key } }`,
    )
    await writeFile(image.in('etc/failsafe/door.key'), 'key\n', { mode: 0o600 })
    await (await image.service()).install()
    const unit = await image.unit()
    expect(unit).toMatch(/^ReadWritePaths=\/var\/lib\/failsafe \/srv\/staging -\/var\/opt\/mssql\/failsafe$/m)
    expect(unit).toMatch(/^ProtectHome=read-only$/m)
    expect(image.given).toContain('/etc/failsafe/door.key failsafe')
    expect(image.given.join()).not.toContain('mssql')
    expect((await verify(image.in('etc/systemd/system/failsafe.service'))).code).toBe(0)
  })

  test('names each place that is written to once, whoever it belongs to, and starts without those that are not there', async () => {
    const connection = 'connection: { user: b, passwordFile: /etc/failsafe/shop.pw'
    await using data = await temporaryDirectory()
    const ini = ['[Notes]', 'NotesProgram=/opt/notes', 'TRANSLOG_Status=1', 'TRANSLOG_Path=/srv/txn', 'DAOSEnable=1']
    await writeFile(data.in('notes.ini'), [...ini, `Directory=${data.path}`].join('\n'))
    await using image = await newImage(
      `  mail: { engine: domino, ini: ${data.in('notes.ini')}, directory: /srv/copies, user: notes }`,
      `  erp: { engine: oracle, ${connection}, service: ERP, tls: { wallet: /home/oracle/wallet } }, directory: /srv/copies }`,
    )
    const [said] = await (await image.service()).install()
    expect(said).toContain('as root (mail: it starts its helper as notes)')
    const unit = await image.unit()
    const places = ['/srv/copies', data.path, '/srv/txn', data.in('DAOS')]
    const writable = ['/var/lib/failsafe', '/srv/staging', ...places.map(path => `-${path}`)]
    expect(unit.split('\n')).toContain(`ReadWritePaths=${writable.join(' ')}`)
    expect(unit).toMatch(/^CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SETUID CAP_SETGID CAP_KILL CAP_DAC_OVERRIDE$/m)
    expect(unit).toMatch(/^ProtectHome=read-only\nPrivateTmp=no$/m)
    expect(image.given).toContain('/etc/failsafe/shop.pw root')
    expect(image.given.join()).not.toMatch(/copies|txn/)
    expect((await verify(image.in('etc/systemd/system/failsafe.service'))).code).toBe(0)
  })

  test('may be installed again, after a change too, and uninstalled twice; what it used stays', async () => {
    await using image = await newImage(shop())
    await (await image.service()).install()
    const before = await image.unit()
    await (await image.service()).install()
    expect(await image.unit()).toBe(before)
    await image.configure('staging: { dir: /srv/other }')
    await (await image.service()).install()
    expect(await image.unit()).toMatch(/^ReadWritePaths=\/var\/lib\/failsafe \/srv\/other$/m)
    await writeFile(image.in('var/lib/failsafe/agent.json'), '{}')
    expect((await (await image.service()).uninstall())[0]).toContain('was removed')
    expect(await (await image.service()).uninstall()).toEqual(['There is no such service.'])
    expect(await (await image.service()).status()).toEqual({ installed: false, enabled: false, running: false })
    for (const path of [
      'etc/failsafe/failsafe.yaml',
      'etc/failsafe/shop.pw',
      'var/lib/failsafe/agent.json',
      'srv/staging',
    ])
      await stat(image.in(path))
  })

  test('takes no directory that others use, and no program that its account cannot reach', async () => {
    await using image = await newImage(shop())
    await mkdir(image.in('srv/staging'), { recursive: true, mode: 0o755 })
    await expect((await image.service()).install()).rejects.toMatchObject({ code: 'service-directory-shared' })
    await rm(image.in('srv/staging'), { recursive: true })
    await writeFile(image.in('failsafe'), '')
    await expect((await image.service([image.in('failsafe')])).install()).rejects.toMatchObject({
      code: 'service-program-misplaced',
      fix: expect.stringContaining('/usr/local/bin/failsafe'),
    })
  })

  test('cannot be started where systemd does not run, and says what to run instead', async () => {
    await using image = await newImage(shop())
    await expect((await image.service()).start()).rejects.toMatchObject({
      code: 'no-systemd',
      fix: expect.stringMatching(/start again: \S+ run --config \/etc\/failsafe\/failsafe\.yaml$/),
    })
  })

  test('is told of by failsafe service status, with 3 where it does not run', async () => {
    await using image = await newImage(shop())
    const args = ['service', 'status', '--json', '--root', image.in('')]
    const { code, stdout, stderr } = await runHere(args, { env: {} })
    expect(code, stderr).toBe(3)
    expect(JSON.parse(stdout)).toEqual({ type: 'summary', installed: false, enabled: false, running: false })
  })

  const plain: UnitOptions = {
    command: ['/usr/bin/env'],
    user: 'failsafe',
    config: '/etc/failsafe/failsafe.yaml',
    own: ['/var/lib/failsafe'],
    writable: [],
    reached: [],
  }

  test('sees homes and /tmp where what it needs lies there, and only then', () => {
    const lines = (options: Partial<UnitOptions>) => unitOf({ ...plain, ...options }).split('\n')
    expect(lines({})).toEqual(expect.arrayContaining(['ProtectHome=yes', 'PrivateTmp=yes']))
    expect(lines({ own: ['/home/staging'] })).toContain('ProtectHome=read-only')
    expect(lines({ reached: ['/tmp/mysql.sock'] })).toContain('PrivateTmp=no')
    expect(lines({ sharesTemporary: true })).toContain('PrivateTmp=no')
  })

  test('allows new privileges where a program that it starts takes the account of its owner, and only then', () => {
    const lines = (options: Partial<UnitOptions>) => unitOf({ ...plain, ...options }).split('\n')
    expect(lines({})).toEqual(expect.arrayContaining(['NoNewPrivileges=yes', 'SystemCallFilter=~@privileged']))
    expect(lines({ startsSetuid: true })).toContain('NoNewPrivileges=no')
    expect(lines({ startsSetuid: true })).not.toContain('SystemCallFilter=~@privileged')
  })

  test('as root keeps what a source needs, and as anybody else nothing', () => {
    const lines = (options: Partial<UnitOptions>) => unitOf({ ...plain, ...options }).split('\n')
    const capabilities = ['CAP_SETUID', 'CAP_SETGID']
    expect(lines({ user: 'root', capabilities })).toContain(
      'CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SETUID CAP_SETGID',
    )
    expect(lines({ capabilities })).toContain('CapabilityBoundingSet=')
  })

  test('takes paths with spaces, percent signs, dollars and quotes for what they are', async () => {
    await using directory = await temporaryDirectory()
    const file = directory.in('failsafe.service')
    const odd = '/srv/a b%i$HOME "c"\\d'
    await writeFile(file, unitOf({ ...plain, command: ['/usr/bin/env', odd], own: [odd], writable: [odd, '/srv/e'] }))
    expect(await verify(file)).toEqual({ code: 0, stderr: '' })
    const text = await readFile(file, 'utf8')
    expect(text).toContain(String.raw`ExecStart=/usr/bin/env "/srv/a b%%i$$HOME \"c\"\\d"`)
    expect(text).toContain(String.raw`ReadWritePaths="/srv/a b%%i$HOME \"c\"\\d" "-/srv/a b%%i$HOME \"c\"\\d" -/srv/e`)
  })
})

describe('the start-up task of Windows', () => {
  const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false })

  test('runs as SYSTEM with the machine, without an end, one at a time, and again when it failed', () => {
    const { Task } = parser.parse(taskOf(['C:\\Program Files\\failsafe.exe', 'run']))
    expect(Task['@_xmlns']).toBe('http://schemas.microsoft.com/windows/2004/02/mit/task')
    expect(Task.Triggers).toEqual({ BootTrigger: { Enabled: 'true' } })
    expect(Task.Principals.Principal).toMatchObject({ UserId: 'S-1-5-18', RunLevel: 'HighestAvailable' })
    expect(Task.Settings).toMatchObject({
      MultipleInstancesPolicy: 'IgnoreNew',
      DisallowStartIfOnBatteries: 'false',
      StopIfGoingOnBatteries: 'false',
      ExecutionTimeLimit: 'PT0S',
      RestartOnFailure: { Interval: 'PT1M', Count: '999' },
    })
    expect(Task.Actions.Exec.Command).toBe('C:\\Program Files\\failsafe.exe')
  })

  test('gives each argument as one, whatever is in it', () => {
    const line = (...args: string[]) => parser.parse(taskOf(['p', ...args])).Task.Actions.Exec.Arguments
    expect(line('run', '--config', 'C:\\Program Files\\a&b\\f.yaml')).toBe(
      'run --config "C:\\Program Files\\a&b\\f.yaml"',
    )
    expect(line('a b\\')).toBe('"a b\\\\"')
    expect(line('say "<hi>"')).toBe('"say \\"<hi>\\""')
    expect(line('')).toBe('""')
  })

  beforeEach(() => vi.stubEnv('SystemRoot', '/windows'))
  afterEach(() => vi.unstubAllEnvs())

  /** Windows' task scheduler, as far as it is asked. */
  function newScheduler() {
    const calls: string[] = []
    let xml: string | undefined
    const host: Host = {
      root: '/',
      chown: async () => {},
      async run(program, args) {
        calls.push([program.split('/').at(-1), ...args].join(' ').replace(/\S+task\.xml/, 'FILE'))
        const [verb] = args
        if (program.endsWith('powershell.exe')) return '4\r\n'
        if (verb === '/create') xml = await readFile(args[args.indexOf('/xml') + 1]!, 'utf16le')
        else if (xml === undefined) throw new Error('ERROR: The system cannot find the file specified.')
        if (verb === '/delete') xml = undefined
        return ''
      },
    }
    return { host, calls, xml: () => xml }
  }

  test('is made from a file in UTF-16, as the scheduler wants it, started once the host is enrolled, and taken away', async () => {
    const scheduler = newScheduler()
    const asked: string[] = []
    const stop = async () => {
      asked.push(`stop, after ${scheduler.calls.length} calls`)
      return undefined
    }
    const service = (enrolled: boolean) =>
      taskService({ host: scheduler.host, command: ['C:\\failsafe.exe', 'run'], stop, enrolled })
    expect((await service(false).install())[1]).toContain('enrol this host')
    expect(scheduler.xml()).toMatch(/^\ufeff<\?xml version="1\.0" encoding="UTF-16"\?>/)
    expect(scheduler.calls).toEqual(['schtasks.exe /create /tn \\FailSafe /xml FILE /f'])
    await service(true).install()
    expect(scheduler.calls.at(-1)).toBe('schtasks.exe /run /tn \\FailSafe')
    expect(await service(true).status()).toEqual({ installed: true, enabled: true, running: true })
    await service(true).uninstall()
    // the daemon is asked first, so that it releases what it holds
    expect(asked).toEqual([`stop, after ${scheduler.calls.length - 2} calls`])
    expect(scheduler.calls.slice(-2)).toEqual([
      'schtasks.exe /end /tn \\FailSafe',
      'schtasks.exe /delete /tn \\FailSafe /f',
    ])
    expect(await service(true).status()).toEqual({ installed: false, enabled: false, running: false })
    expect(await service(true).uninstall()).toEqual(['There is no such task.'])
  })
})
