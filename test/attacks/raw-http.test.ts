import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeProof } from '../../shared/proof.ts'
import { enrolAgent, registerSource, type TestAgent } from '../receiver/agent.ts'
import { reach } from '../receiver/reach.ts'
import type { Reachable } from '../receiver/support.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'

/** Requests as no client writes them, over a socket, against the gateway and the functions behind it. */
let cloud: TestCloud
let receiver: Reachable
let agent: TestAgent
let source: string
beforeAll(async () => {
  cloud = await startTestCloud()
  receiver = await reach(cloud)
  agent = await enrolAgent(receiver, 'acme')
  source = await registerSource(agent)
})
afterAll(() => cloud?.close())

/** All that comes back until the other side closes, or says nothing for two seconds. */
function exchange(request: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(cloud.url)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(request))
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
    })
    socket.on('error', error =>
      text === '' && (error as NodeJS.ErrnoException).code !== 'ECONNRESET' ? reject(error) : undefined,
    )
    socket.on('close', () => resolve(text))
  })
}

const statusesIn = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))

/** Refused by the HTTP server (no body), by the gateway (its own message) or by a function (a problem document). */
function refused(text: string): void {
  const [status] = statusesIn(text)
  expect(status, text.slice(0, 200)).toBeGreaterThanOrEqual(400)
  expect(status, text.slice(0, 400)).toBeLessThan(500)
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  if (body !== '') expect(body, text).toMatch(/^\{("message":"[A-Z]|"type":"urn:failsafe:problem:)/)
}

const host = 'Host: receiver\r\nConnection: close\r\n'
const signedBy = async (method: string, target: string, body = '') =>
  `Authorization: Proof ${await makeProof({ method, target, body: new TextEncoder().encode(body) }, agent.key, agent.id, receiver.id, new Date())}\r\n`

describe('a path', () => {
  const paths = [
    '/v1/sources%2f',
    '/v1/sources%2F..%2Fadmin%2Ftenants',
    '/v1/sources/%00/heads',
    '/v1/sources/..%00/heads',
    '/v1/./sources',
    '/v1/../v1/sources',
    '/v1/..;/admin/tenants',
    '/v1//sources',
    '//v1/sources',
    '//evil.example/v1/sources',
    '/v1/sources;x=1',
    '/v1/sources/;/heads',
    '/V1/SOURCES',
    '/v1/sources.json',
    '/v1/sources/',
    '/v1/sources/%/heads',
    '/v1/sources/%zz/heads',
    '/v1/sources/%c0%af/heads',
    '/v1/sources/%ed%a0%80/heads',
    '/v1/sources/%23/heads',
    '/v1/sources/%3Fa/heads',
    '/v1/sources/%255c/heads',
    '/v1/sources/\\..\\/heads',
    `/v1/sources/${'a'.repeat(8000)}/heads`,
    `/v1/sources/${'%41'.repeat(2000)}/heads`,
    '/v1/snapshots/x/packs/1e3/parts',
    '/v1/snapshots/x/packs/-1/parts',
    '/v1/snapshots/x/packs/0x1/parts',
    '/v1/restore-manifests/%2e%2e',
    '/v1/restore-manifests/__proto__',
    '/v1/link?%ZZ=1&&&=&a=%',
    `/v1/link?${'a=1&'.repeat(1500)}`,
    '/v1/link?a[b]=1&a[]=2&__proto__[x]=1',
    '/v1/admin/tenants',
    '/v1/admin/../link',
    '/v1/admin%2Ftenants',
    '/v1/%61dmin/tenants',
    '/v1/admin/tenants/..%2f..%2fsources',
    '/',
    '*',
    'http://evil.example/v1/sources',
  ]
  it.each(paths)('%.80s is refused', async path => {
    refused(await exchange(`GET ${path} HTTP/1.1\r\n${host}\r\n`))
    refused(await exchange(`GET ${path} HTTP/1.1\r\n${host}${await signedBy('GET', path)}\r\n`))
  })

  it('is what was signed: an encoded one does not pass for another', async () => {
    const target = `/v1/sources/${source}/heads`
    expect(statusesIn(await exchange(`GET ${target} HTTP/1.1\r\n${host}${await signedBy('GET', target)}\r\n`))).toEqual(
      [200],
    )
    for (const path of [
      target.replace('heads', 'timeline'),
      target.replace('/heads', '//heads'),
      target.replace('/v1/', '/v1/x/../'),
      `${target}?x=1`,
    ])
      refused(await exchange(`GET ${path} HTTP/1.1\r\n${host}${await signedBy('GET', target)}\r\n`))
  })
})

describe('a method', () => {
  it.each(['TRACE', 'OPTIONS', 'PATCH', 'PROPFIND', 'get', 'G\0T', 'GET\tX', ''])('%j is refused', async method => {
    refused(await exchange(`${method} /v1/sources HTTP/1.1\r\n${host}\r\n`))
  })

  it('that another header asks for is not taken', async () => {
    const headers = `${host}${await signedBy('DELETE', '/v1/sources')}X-HTTP-Method-Override: DELETE\r\n`
    refused(await exchange(`GET /v1/sources HTTP/1.1\r\n${headers}\r\n`))
  })
})

describe('the end of a request', () => {
  const post = 'POST /v1/runs HTTP/1.1\r\nHost: receiver\r\nContent-Type: application/json\r\n'
  const second = 'GET /v1/admin/tenants HTTP/1.1\r\nHost: receiver\r\n\r\n'
  const cases: [string, string][] = [
    ['a length and chunks', `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`],
    ['chunks and something else', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${second}`],
    ['chunks by another spelling', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${second}`],
    ['two lengths', `${post}Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd${second}`],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n`],
    ['a length that is no number', `${post}Content-Length: 4, 5\r\n\r\nabcd`],
    ['a chunk of no size', `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n`],
    ['a chunk that is longer than it says', `${post}Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n`],
    ['a chunk of a huge size', `${post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nab`],
    ['a folded header', `${post}X-Long: a\r\n b\r\n\r\n`],
    ['a bare line feed', 'GET /v1/sources HTTP/1.1\nHost: receiver\nX: y\n\n'],
    ['a NUL in a header', `GET /v1/sources HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
    ['a header without a name', `GET /v1/sources HTTP/1.1\r\n${host}: a\r\n\r\n`],
    ['a space before the colon', `GET /v1/sources HTTP/1.1\r\n${host}Content-Length : 4\r\n\r\nabcd`],
    ['headers too large', `GET /v1/sources HTTP/1.1\r\n${host}X: ${'a'.repeat(100_000)}\r\n\r\n`],
    [
      'too many headers',
      `GET /v1/sources HTTP/1.1\r\n${host}${Array.from({ length: 3000 }, (_, i) => `X-${i}: a\r\n`).join('')}\r\n`,
    ],
    ['another protocol', 'GET /v1/sources HTTP/9.9\r\n\r\n'],
    ['no protocol', 'nonsense\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ]
  it.each(cases)('with %s: refused, and nothing behind it is answered', async (_name, request) => {
    const text = await exchange(request)
    refused(text)
    expect(statusesIn(text).filter(status => status < 400)).toEqual([])
    expect(text).not.toContain('tenants')
  })

  it('with a body on a GET: refused or answered, never a failure', async () => {
    const body = '{"a":1}'
    const headers = `${host}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    refused(await exchange(`GET /v1/sources HTTP/1.1\r\n${headers}\r\n${body}`))
    const signed = await exchange(
      `GET /v1/sources HTTP/1.1\r\n${headers}${await signedBy('GET', '/v1/sources', body)}\r\n${body}`,
    )
    refused(signed)
    expect(statusesIn(await exchange(`GET /v1/receiver HTTP/1.1\r\n${headers}\r\n${body}`))[0]).toBeLessThan(500)
  })

  it('that never comes does not keep the receiver from others', async () => {
    const waiting = exchange(`${post}Content-Length: 1000\r\n\r\n{`)
    expect((await agent.call('GET', '/v1/sources')).status).toBe(200)
    expect(await waiting).toBe('')
  })
})

describe('a body', () => {
  const send = async (body: string | Buffer, headers: string) => {
    const text = Buffer.from(body)
    const head = `POST /v1/runs HTTP/1.1\r\n${host}${await signedBy('POST', '/v1/runs', text.toString())}${headers}Content-Length: ${text.length}\r\n\r\n`
    return exchange(Buffer.concat([Buffer.from(head), text]))
  }
  it.each([
    ['of 11 MB', Buffer.alloc(11 * 1024 * 1024, 32), 'Content-Type: application/json\r\n'],
    ['of 70 KB', Buffer.alloc(70 * 1024, 32), 'Content-Type: application/json\r\n'],
    ['of bytes', Buffer.from([0xff, 0x00, 0x7b, 0xfe]), 'Content-Type: application/octet-stream\r\n'],
    ['of bytes said to be JSON', Buffer.from([0xff, 0x00, 0x7b, 0xfe]), 'Content-Type: application/json\r\n'],
    ['said to be compressed', '{}', 'Content-Type: application/json\r\nContent-Encoding: br\r\n'],
    ['with a type in another script', '{}', 'Content-Type: appl\xefcation/json\r\n'],
    ['with a name in a cookie', '{}', 'Cookie: a=\xff; __proto__=1\r\nContent-Type: application/json\r\n'],
  ])('%s is refused', async (_name, body, headers) => {
    refused(await send(body, headers))
  })
})
