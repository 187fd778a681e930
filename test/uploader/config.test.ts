import { chmod, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Failure } from '../../shared/failure.ts'
import { loadConfig, parseConfig, sourceNamed } from '../../uploader/config/load.ts'
import { defaultPlaces } from '../../uploader/config/places.ts'
import { oneSecretAtMost, oneSecretMessage, SecretSource } from '../../uploader/config/secret.ts'
import { temporaryDirectory } from './directory.ts'

const parse = (...lines: string[]) => parseConfig(lines.join('\n'), 'failsafe.yaml', '/var/lib/failsafe')

function failureOf(work: () => unknown): Failure {
  try {
    work()
  } catch (error) {
    return error as Failure
  }
  return expect.fail('it was accepted')
}

describe('a good configuration', () => {
  test('comes out with sizes in bytes and defaults filled in', () => {
    const config = parse(
      'receiver: https://receiver.example.net/',
      'staging: { maxBytes: 1.5GiB }',
      'sources:',
      '  shop:',
      '    engine: mysql',
      '    connection: { host: 127.0.0.1 }',
      '    schedule: { full: "0 2 * * *", log: "*/15 * * * *", timeZone: Europe/Berlin, jitter: 5m, catchUp: true }',
    )
    expect(config).toMatchObject({
      receiver: 'https://receiver.example.net',
      state: { dir: '/var/lib/failsafe' },
      staging: { dir: '/var/lib/failsafe/staging', maxBytes: 1.5 * 2 ** 30 },
      upload: { concurrency: 4 },
    })
    const shop = sourceNamed(config, 'shop')
    expect(shop).toMatchObject({
      engine: 'mysql',
      schedule: { full: '0 2 * * *', jitter: 300, timeZone: 'Europe/Berlin' },
    })
    expect(shop.settings(z.unknown())).toEqual({ connection: { host: '127.0.0.1' } })
  })

  test('says how it gets out, how fast, how politely, and how long it may hold a source', () => {
    const config = parse(
      'upload: { maxBytesPerSecond: 5MB }',
      'network:',
      '  proxy: { url: http://proxy:3128, user: me, passwordFile: /etc/pw, except: [10.0.0.0/8] }',
      '  caFile: /etc/ca.pem',
      'nice: 10',
      'sources:',
      '  a: { engine: mysql, maxHold: 90m }',
      '  b: { engine: mysql }',
    )
    expect(config).toMatchObject({
      upload: { maxBytesPerSecond: 5_000_000 },
      network: {
        proxy: { url: 'http://proxy:3128', user: 'me', passwordFile: '/etc/pw', except: ['10.0.0.0/8'] },
        caFile: '/etc/ca.pem',
      },
      nice: 10,
    })
    expect([...config.sources.values()].map(({ maxHold }) => maxHold)).toEqual([90 * 60, 4 * 3600])
    expect(sourceNamed(config, 'a').settings(z.unknown())).toEqual({})
    expect(parse('network: { proxy: http://proxy:3128 }').network.proxy).toEqual({ url: 'http://proxy:3128' })
    expect(parse('network: { proxy: none }').network.proxy).toEqual({ url: 'none' })
    expect(parse('upload: { maxBytesPerSecond: null }').upload.maxBytesPerSecond).toBeUndefined()
  })

  test('may be empty', () => {
    expect(parse('')).toMatchObject({ staging: { maxBytes: 20 * 2 ** 30 }, network: {}, nice: undefined })
  })

  test.each([
    ['64MiB', 64 * 2 ** 20],
    ['500 MB', 5e8],
    ['2TiB', 2 ** 41],
    ['1048576', 2 ** 20],
  ])('takes the size %s', (text, bytes) => {
    expect(parse(`staging: { maxBytes: ${text} }`).staging.maxBytes).toBe(bytes)
  })
})

describe('a bad configuration is refused with path, reason and line:', () => {
  const refused: [string, string[], number, string][] = [
    ['an unknown key', ['receiver: https://r.example.net', 'uplaod: {}'], 2, 'uplaod: this key is not known'],
    [
      'an unknown key further in',
      ['staging:', '  dir: /x', '  maxByte: 1GiB'],
      3,
      'staging.maxByte: this key is not known',
    ],
    [
      'a size that is none',
      ['staging:', '  dir: /x', '  maxBytes: plenty'],
      3,
      'staging.maxBytes: "plenty" is not a size',
    ],
    ['a size of nothing', ['staging: { maxBytes: 0 }'], 1, 'staging.maxBytes'],
    ['a number that is too large', ['upload:', '  concurrency: 1000'], 2, 'upload.concurrency'],
    ['a rate at which connections die', ['upload:', '  maxBytesPerSecond: 10KiB'], 2, 'less than 64KiB'],
    ['a politeness that does not exist', ['nice: 20'], 1, 'nice'],
    ['a proxy with its password', ['network:', '  proxy: http://me:hunter2@proxy:3128'], 2, 'belongs under user'],
    ['a proxy that is none', ['network:', '  proxy: { url: proxy }'], 2, 'not a web address'],
    ['a proxy of another kind', ['network: { proxy: socks5://proxy:1080 }'], 1, 'kind socks5 is not supported'],
    [
      'a proxy with two passwords',
      ['network:', '  proxy:', '    url: http://p:1', '    passwordEnv: A', '    passwordFile: b'],
      2,
      'only one of',
    ],
    ['an unknown engine', ['sources:', '  shop:', '    engine: mongo'], 3, 'sources.shop.engine'],
    ['a missing engine, at the source', ['sources:', '  shop:', '    connection: {}'], 2, 'sources.shop.engine'],
    [
      'a cron expression that is none',
      ['sources:', '  a:', '    engine: mysql', '    schedule:', '      full: daily'],
      5,
      'sources.a.schedule.full: a schedule has five fields',
    ],
    [
      'a cron expression of hours that do not exist',
      ['sources:', '  a:', '    engine: mysql', '    schedule: { log: "0 25 * * *" }'],
      4,
      'not a schedule: ',
    ],
    [
      'a schedule that never comes',
      ['sources:', '  a:', '    engine: mysql', '    schedule: { full: "0 2 30 2 *" }'],
      4,
      'no such moment ever comes',
    ],
    [
      'a jitter that the receiver does not take',
      ['sources:', '  a:', '    engine: mysql', '    schedule: { full: "0 2 * * *", jitter: 7h }'],
      4,
      'sources.a.schedule.jitter: at most 6h',
    ],
    ['a hook that is a line for a shell', ['hooks:', '  failure: "mail root"'], 2, 'hooks.failure: write a list'],
    [
      'a time zone that is none',
      ['sources:', '  a:', '    engine: mysql', '    schedule:', '      timeZone: Mars'],
      5,
      'time zone',
    ],
    ['a source name with a slash', ['sources:', '  a/b:', '    engine: mysql'], 2, 'sources.a/b'],
    ['an address without https', ['receiver: http://receiver.example.net'], 1, 'must begin with https'],
    ['an address with a password', ['receiver: https://me:secret@receiver.example.net'], 1, 'password'],
    ['a key that occurs twice', ['state: { dir: /a }', 'state: { dir: /b }'], 2, 'unique'],
    ['something that is no YAML', ['staging: { dir: /x', 'upload: 1'], 2, ''],
    ['a list instead of a map', ['sources:', '  - shop'], 1, 'sources'],
  ]
  test.each(refused)('%s', (_what, lines, line, reason) => {
    const failure = failureOf(() => parse(...lines))
    expect(failure.code).toBe('config-invalid')
    expect(failure.why).toContain(`line ${line}:`)
    expect(failure.why).toContain(reason)
    expect(failure.message).toContain('failsafe.yaml')
  })

  test('several findings at once', () => {
    const { why } = failureOf(() => parse('a: 1', 'staging: { maxBytes: x }', 'b: 2'))
    expect(
      why
        ?.split('; ')
        .map(finding => finding.slice(0, 6))
        .sort(),
    ).toEqual(['line 1', 'line 2', 'line 3'])
  })

  test("the engine's own settings, with the lines of the source", () => {
    const settings = z.strictObject({
      connection: z
        .strictObject({ host: z.string(), port: z.number(), ...SecretSource.shape })
        .refine(oneSecretAtMost, oneSecretMessage),
    })
    const lines = ['sources:', '  shop:', '    engine: mysql', '    connection:', '      host: h']
    const shop = (...more: string[]) => sourceNamed(parse(...lines, ...more), 'shop')
    expect(shop('      port: 3306').settings(settings)).toEqual({ connection: { host: 'h', port: 3306 } })
    expect(failureOf(() => shop('      port: no').settings(settings)).why).toContain(
      'line 6: sources.shop.connection.port',
    )
    expect(failureOf(() => shop('      port: 1', '      password: x').settings(settings)).why).toContain(
      'line 7: sources.shop.connection.password: this key is not known',
    )
    expect(failureOf(() => shop().settings(settings)).why).toContain('line 4: sources.shop.connection.port')
    expect(
      failureOf(() => shop('      port: 1', '      passwordEnv: A', '      passwordFile: b').settings(settings)).why,
    ).toContain('only one of')
  })

  test('a secret in a bad value is not repeated', () => {
    const { line } = failureOf(() => parse('receiver: https://me:hunter2@receiver.example.net:x'))
    expect(line).not.toContain('hunter2')
  })
})

test('a source that is not there is refused with the names of those that are', () => {
  const config = parse('sources:', '  shop: { engine: mysql }', '  crm: { engine: mysql }')
  expect(failureOf(() => sourceNamed(config, 'shpo')).line).toMatch(/"shpo".*shop, crm/)
})

describe('the file', () => {
  test('is read from --config before FAILSAFE_CONFIG', async () => {
    await using directory = await temporaryDirectory()
    for (const name of ['a', 'b'])
      await writeFile(directory.in(`${name}.yaml`), `state: { dir: /${name} }`, { mode: 0o600 })
    const env = { FAILSAFE_CONFIG: directory.in('b.yaml') }
    expect((await loadConfig(directory.in('a.yaml'), env)).state.dir).toBe('/a')
    expect((await loadConfig(undefined, env)).state.dir).toBe('/b')
  })

  test('that was named must exist', async () => {
    await using directory = await temporaryDirectory()
    await expect(loadConfig(directory.in('none.yaml'), {})).rejects.toMatchObject({ code: 'config-missing' })
  })

  test('at the default place may be absent', async () => {
    await using directory = await temporaryDirectory()
    const config = await loadConfig(undefined, { ProgramData: directory.path }, 'win32')
    expect(config.sources.size).toBe(0)
    expect(config.state.dir).toMatch(/FailSafe$/)
  })

  test.each([0o640, 0o604, 0o620, 0o666])('with mode %i is refused, with the command that mends it', async mode => {
    await using directory = await temporaryDirectory()
    const path = directory.in('failsafe.yaml')
    await writeFile(path, '')
    await chmod(path, mode)
    const failure: Failure = await loadConfig(path, {}).catch(error => error)
    expect(failure.code).toBe('file-not-private')
    expect(failure.fix).toBe(`Run: chmod 0600 ${path}`)
  })
})

test('the default places are those of the platform', () => {
  expect(defaultPlaces('linux', {}).config).toBe('/etc/failsafe/failsafe.yaml')
  expect(defaultPlaces('win32', { ProgramData: 'D:\\Data' }).config).toBe('D:\\Data\\FailSafe\\failsafe.yaml')
})
