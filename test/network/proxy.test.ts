import { writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReceiverResponse } from '../../shared/api/agent.ts'
import { type Network, openNetwork } from '../../uploader/network/network.ts'
import { type ProxySettings, readProxies } from '../../uploader/network/proxy.ts'
import { unsigned } from '../../uploader/receiver/authorisation.ts'
import { ReceiverClient } from '../../uploader/receiver/client.ts'
import { getRange } from '../../uploader/restore/range.ts'
import { newPutPart } from '../../uploader/transfer/put-part.ts'
import { collect } from '../sealed/support.ts'
import { temporaryDirectory } from '../uploader/directory.ts'
import { type Certificate, newAuthority } from './certificates.ts'
import { acknowledge, closedPort, partDigest, startHost, startProxy } from './servers.ts'

const { signal } = new AbortController()
const password = 'p:ä %@/?'
const credentials = `backup:${password}`
let authority: Awaited<ReturnType<typeof newAuthority>>
let tls: Certificate
beforeAll(async () => {
  authority = await newAuthority('Proxy test authority')
  tls = await authority.issue(['IP:127.0.0.1'])
})
afterAll(() => authority[Symbol.asyncDispose]())

const good = JSON.stringify({ receiver: 'main', name: 'Main', time: '2026-11-22T12:00:00Z' })
const receiver = (options?: Parameters<typeof startHost>[1]) =>
  startHost((_request, response) => response.end(good), options)
const through = async (proxy: ProxySettings) => openNetwork({ proxy, caFile: authority.file }, {}, signal)

function ask(url: string, network: Network, patience = 5000) {
  const connections = network.connections(2)
  const now = () => new Date()
  const client = new ReceiverClient({ url, authorise: unsigned, connections, signal, now, patience })
  return client.call('GET', '/v1/receiver?a=b', ReceiverResponse)
}

async function withPassword(url: string, secret = password): Promise<ProxySettings & AsyncDisposable> {
  const directory = await temporaryDirectory()
  await writeFile(directory.in('pw'), `${secret}\n`, { mode: 0o600 })
  return {
    url,
    user: 'backup',
    passwordFile: directory.in('pw'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

describe('a proxy that wants a password lets through', () => {
  test('an https receiver, by a tunnel', async () => {
    await using host = await receiver({ tls })
    await using proxy = await startProxy({ credentials })
    await using settings = await withPassword(proxy.url)
    expect(await ask(host.url, await through(settings))).toMatchObject({ receiver: 'main' })
    expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${host.port}`])
  })

  test('a plain one, by its whole address', async () => {
    await using host = await receiver()
    await using proxy = await startProxy({ credentials })
    await using settings = await withPassword(proxy.url)
    expect(await ask(host.url, await through(settings))).toMatchObject({ receiver: 'main' })
    expect(proxy.asked).toEqual([`GET ${host.url}/v1/receiver?a=b`])
  })

  test.each(['tunnel', 'plain'])('parts on their way up and packs on their way down (%s)', async way => {
    await using directory = await temporaryDirectory()
    const bytes = Buffer.alloc(600_000, 'part')
    await writeFile(directory.in('part'), bytes)
    let put: Buffer = Buffer.alloc(0)
    await using storage = await startHost(
      async (request, response) => {
        if (request.method === 'PUT') {
          put = await collect(request)
          return acknowledge(response)
        }
        const size = bytes.length
        response.writeHead(206, { 'content-range': `bytes 0-${size - 1}/${size}`, 'content-length': size }).end(bytes)
      },
      way === 'tunnel' ? { tls } : {},
    )
    await using proxy = await startProxy({ credentials })
    await using settings = await withPassword(proxy.url)
    const connections = (await through(settings)).connections(1)
    const part = { pack: 1, number: 1, size: bytes.length, digest: partDigest, path: directory.in('part') }
    await newPutPart(connections)(part, { url: `${storage.url}/part`, headers: {} }, signal, () => {})
    expect(put.equals(bytes)).toBe(true)
    const range = { offset: 0, length: bytes.length, size: bytes.length }
    expect((await collect(getRange(connections, `${storage.url}/pack`, range, signal))).equals(bytes)).toBe(true)
    expect(proxy.asked.length).toBeGreaterThan(0)
  })
})

describe('a proxy is named in the error, with what to do, when it', () => {
  test.each(['https', 'http'])('does not take the password (%s), which is not tried again', async scheme => {
    await using host = await receiver(scheme === 'https' ? { tls } : {})
    await using proxy = await startProxy({ credentials })
    await using settings = await withPassword(proxy.url, 'wr0ng-secret')
    const failure = await ask(host.url, await through(settings)).catch(error => error)
    expect(failure).toMatchObject({ code: 'proxy-refused', retriable: false, why: expect.stringContaining('407') })
    expect(failure.line).toContain(proxy.url)
    expect(failure.fix).toContain('passwordFile')
    expect(inspect(failure, { depth: 9 })).not.toContain('wr0ng-secret')
    expect(inspect(failure, { depth: 9 })).not.toContain(Buffer.from('backup:wr0ng-secret').toString('base64'))
    expect(proxy.asked.length).toBe(1)
  })

  test('does not allow the host', async () => {
    await using host = await receiver({ tls })
    await using proxy = await startProxy({ rule: () => 403 })
    await expect(ask(host.url, await through({ url: proxy.url }))).rejects.toMatchObject({
      code: 'proxy-refused',
      why: 'it answered 403',
      fix: expect.stringContaining(`127.0.0.1:${host.port}`),
      retriable: false,
    })
  })

  test('is not there', async () => {
    const network = await through({ url: `http://127.0.0.1:${await closedPort()}` })
    const ways = ['https://receiver.example.net', 'http://127.0.0.1:1']
    const failures = await Promise.all(ways.map(url => ask(url, network).catch(error => error)))
    for (const failure of failures)
      expect(failure).toMatchObject({
        code: 'proxy-unreachable',
        why: expect.stringContaining('ECONNREFUSED'),
        retriable: true,
      })
  })

  test('has a name that does not exist', async () => {
    const failure = await ask(
      'https://receiver.example.net',
      await through({ url: 'http://proxy.invalid:3128' }),
    ).catch(error => error)
    expect(failure).toMatchObject({ code: 'proxy-unreachable', retriable: true })
    expect(failure.line).toMatch(/http:\/\/proxy\.invalid:3128.*(ENOTFOUND|EAI_AGAIN)/)
  })
})

describe('a run goes on after a proxy that', () => {
  test.each([
    ['did not reach the host', 503],
    ['forgot who may use it, once it had let us through', 407],
  ])('%s', async (_what, status) => {
    await using host = await receiver({ tls })
    await using proxy = await startProxy({ rule: count => (count === 2 ? status : 'pass') })
    const network = await through({ url: proxy.url })
    const connections = network.connections(1)
    const client = new ReceiverClient({
      url: host.url,
      authorise: unsigned,
      connections,
      signal,
      now: () => new Date(),
      patience: 5000,
    })
    await client.call('GET', '/v1/a', ReceiverResponse)
    connections.close()
    expect(await client.call('GET', '/v1/b', ReceiverResponse)).toMatchObject({ receiver: 'main' })
    expect(proxy.asked.length).toBe(3)
  })

  test.each(['silent', 'silent-tunnel'] as const)('fell silent (%s)', async ruling => {
    await using directory = await temporaryDirectory()
    await writeFile(directory.in('part'), 'part')
    await using storage = await startHost(
      (request, response) => void request.resume().on('end', () => acknowledge(response)),
      { tls },
    )
    await using proxy = await startProxy({ rule: count => (count === 1 ? ruling : 'pass') })
    const put = newPutPart((await through({ url: proxy.url })).connections(1), { timeout: 300 })
    const part = { pack: 1, number: 1, size: 4, digest: partDigest, path: directory.in('part') }
    const send = () => put(part, { url: `${storage.url}/part`, headers: {} }, signal, () => {})
    const started = performance.now()
    await expect(send()).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(3000)
    await expect.poll(proxy.connections).toBe(0)
    await send()
    expect(proxy.asked.length).toBe(2)
  })
})

describe('which proxy is taken:', () => {
  const of = async (url: string, env: NodeJS.ProcessEnv, settings?: ProxySettings) =>
    (await readProxies(settings, env, signal))(new URL(url))?.name

  test.each<[string, string, NodeJS.ProcessEnv, string | undefined]>([
    [
      'that of the scheme',
      'https://r.example.net',
      { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:1' },
      'http://a:1',
    ],
    [
      'that of the scheme',
      'http://r.example.net',
      { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:1' },
      'http://b:1',
    ],
    [
      'the one in small letters first',
      'https://r.example.net',
      { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:1' },
      'http://b:1',
    ],
    ['ALL_PROXY for both', 'https://r.example.net', { ALL_PROXY: 'http://a:1' }, 'http://a:1'],
    ['a name without a scheme', 'https://r.example.net', { HTTPS_PROXY: 'a:1' }, 'http://a:1'],
    ['never with its password', 'https://r.example.net', { HTTPS_PROXY: 'http://me:secret@a:1' }, 'http://a:1'],
    ['none without one', 'https://r.example.net', { HTTP_PROXY: 'http://a:1' }, undefined],
    ['none on this machine', 'http://127.0.0.1:80', { ALL_PROXY: 'http://a:1' }, undefined],
    ['none on this machine', 'https://[::1]:80', { ALL_PROXY: 'http://a:1' }, undefined],
    [
      'none where NO_PROXY names the host',
      'https://r.example.net',
      { ALL_PROXY: 'http://a:1', NO_PROXY: 'x, r.example.net' },
      undefined,
    ],
  ])('%s (%s)', async (_what, url, env, name) => {
    expect(await of(url, env)).toBe(name)
  })

  test.each<[string, string, boolean]>([
    ['example.net', 'https://example.net', true],
    ['example.net', 'https://r.example.net', true],
    ['.example.net', 'https://r.example.net', true],
    ['*.Example.net', 'https://r.example.NET', true],
    ['example.net', 'https://badexample.net', false],
    ['r.example.net:8443', 'https://r.example.net:8443', true],
    ['r.example.net:443', 'https://r.example.net', true],
    ['r.example.net:8443', 'https://r.example.net', false],
    ['*', 'https://anything', true],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://10.1.2.3:99', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
    ['[fd00::1]', 'https://[fd00::1]', true],
    ['fd00::/16', 'https://[fd00::77]:8443', true],
    ['fd00::/16', 'https://[fd01::77]', false],
  ])('except %s leaves %s without one: %s', async (entry, url, direct) => {
    const settings = { url: 'http://a:1', except: [entry] }
    expect(await of(url, {}, settings)).toBe(direct ? undefined : 'http://a:1')
  })

  test('what the configuration says counts alone', async () => {
    const env = { ALL_PROXY: 'http://a:1', NO_PROXY: '*' }
    expect(await of('http://127.0.0.1:1', env, { url: 'http://b:1' })).toBe('http://b:1')
    expect(await of('https://r.example.net', { ALL_PROXY: 'http://a:1' }, { url: 'none' })).toBeUndefined()
  })

  test.each([
    ['HTTPS_PROXY', 'socks5://user:hunter2@a:1', /kind socks5/],
    ['https_proxy', 'http://user:hunter2@:x', /no web address|not a web address/],
    ['ALL_PROXY', 'http://user:hunter2%zz@a:1', /%25/],
  ])('one in %s that cannot be used is an error without its password', async (name, value, why) => {
    const failure = await of('https://r.example.net', { [name]: value }).catch(error => error)
    expect(failure).toMatchObject({ code: 'proxy-invalid', why: expect.stringMatching(why) })
    expect(failure.message).toContain(name)
    expect(failure.line).not.toContain('hunter2')
  })
})
