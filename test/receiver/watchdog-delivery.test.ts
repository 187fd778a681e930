import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { notify } from '../../lambdas/catalogue/notices.ts'
import { isAllowed, refusedUrl } from '../../lambdas/notices/addresses.ts'
import { backOff } from '../../lambdas/notices/deliver.ts'
import { postWebhook } from '../../lambdas/notices/post.ts'
import { subjectLine } from '../../lambdas/notices/text.ts'
import type { Notice, NoticeKind } from '../../shared/notice.ts'
import { ok } from './support.ts'
import { Watched } from './watched.ts'
import { isSigned, WebhookServer } from './webhook-server.ts'

let watched: Watched
let server: WebhookServer
function withReceiver(): void {
  beforeEach(async () => {
    watched = await Watched.start('2027-01-10T12:00Z', { WEBHOOK_ADDRESSES: 'any' })
    watched.post = postWebhook('any')
    server = await WebhookServer.start()
    for (const tenant of ['acme', 'zeta']) ok(await admin('POST', '/v1/admin/tenants', { tenant, name: tenant }))
  })
  afterEach(async () => {
    await server?.[Symbol.asyncDispose]()
    await watched?.[Symbol.asyncDispose]()
  })
}

const admin = (method: string, target: string, body?: unknown) => watched.receiver.admin(method, target, body)
const add = async (body: object = {}) => ok(await admin('POST', '/v1/admin/webhooks', { url: server.url, ...body }))
const tell = (tenant = 'acme', kind: NoticeKind = 'quota-soft') =>
  notify(watched.receiver.ports.catalogue, {
    at: watched.receiver.clock.now.toISOString(),
    receiver: 'test-receiver',
    tenant,
    kind,
    severity: 'warning',
    subject: { type: 'tenant', id: tenant, name: 'Müller & Söhne' },
    text: 'It is so.',
  })
const elapse = (minutes: number) =>
  watched.until(new Date(watched.receiver.clock.now.getTime() + minutes * 60_000).toISOString())
const of = (kind: string) => watched.published.filter(notice => notice.kind === kind)

describe('a webhook', () => {
  withReceiver()
  it('gets what it asked for, signed, and the topic gets all', async () => {
    const { secret, id } = await add({ tenant: 'acme', kinds: ['quota-soft', 'run-missed'] })
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(JSON.stringify(ok(await admin('GET', '/v1/admin/webhooks')))).not.toContain(secret.slice(6))
    await tell()
    await tell('acme', 'quota-hard')
    await tell('zeta')
    await watched.pass()
    expect(server.received.map(({ notice }) => [notice.tenant, notice.kind])).toEqual([['acme', 'quota-soft']])
    const [received] = server.received
    expect(received!.headers['webhook-id']).toBe(received!.notice.id)
    expect(isSigned(received!, secret, watched.receiver.clock.now)).toBe(true)
    expect(
      isSigned({ ...received!, body: received!.body.replace('so', 'no') }, secret, watched.receiver.clock.now),
    ).toBe(false)
    expect(isSigned(received!, `whsec_${'A'.repeat(43)}=`, watched.receiver.clock.now)).toBe(false)
    expect(of('quota-soft')).toHaveLength(2)
    expect(of('quota-hard')).toHaveLength(1)
    ok(await admin('DELETE', `/v1/admin/webhooks/${id}`))
    await tell()
    await watched.pass()
    expect(server.received).toHaveLength(1)
    expect((await admin('DELETE', `/v1/admin/webhooks/${id}`)).body.code).toBe('not-found')
  })

  it('gets nothing that was told before it was added', async () => {
    await tell()
    watched.receiver.clock.advance(1)
    await add()
    await watched.pass()
    expect([server.received.length, of('quota-soft').length]).toEqual([0, 1])
  })

  it('that fails is tried again with growing pauses; the topic and other webhooks are not told again', async () => {
    const other = await WebhookServer.start()
    try {
      await add()
      await add({ url: other.url })
      server.answer = (_request, response) => response.writeHead(500).end()
      await tell()
      await elapse(60)
      const [id] = other.ids()
      expect(other.ids()).toEqual([id])
      expect(of('quota-soft')).toHaveLength(1)
      // at 0, 5 (after 1), 10 (after 2), 15 (after 4), 25 (after 8), 45 (after 16) minutes
      expect(server.ids()).toEqual(Array(6).fill(id))
      expect(of('webhook-failing')).toEqual([])
      await elapse(60)
      expect(of('webhook-failing')).toMatchObject([{ state: 'raised', tenant: null, subject: { type: 'webhook' } }])
      expect(of('webhook-failing')[0]!.text).toContain('it answered 500')
      expect(other.received.map(({ notice }) => notice.kind)).toEqual(['quota-soft', 'webhook-failing'])
      const { webhooks } = ok(await admin('GET', '/v1/admin/webhooks'))
      expect(webhooks[0].failing).toMatchObject({ since: '2027-01-10T12:05:00.000Z', why: 'it answered 500' })
      const { conditions } = ok(await admin('GET', '/v1/admin/notices'))
      expect(conditions).toMatchObject([{ kind: 'webhook-failing', tenant: null }])

      server.answer = (_request, response) => response.writeHead(200).end('thanks')
      const before = server.received.length
      await elapse(7 * 60)
      expect(server.received.slice(before).map(({ notice }) => notice.id)).toEqual([id])
      expect(of('webhook-failing').map(({ state }) => state)).toEqual(['raised', 'recovered'])
      expect(ok(await admin('GET', '/v1/admin/notices')).conditions).toEqual([])
      expect(ok(await admin('GET', '/v1/admin/webhooks')).webhooks[0].failing).toBeNull()
    } finally {
      await other[Symbol.asyncDispose]()
    }
  })

  it('that is dead costs one attempt in a pass, whatever waits for it, and a notice is given up after three days', async () => {
    await add()
    server.answer = (request, _response) => request.socket.destroy()
    for (let i = 0; i < 20; i++) await tell()
    await watched.pass()
    expect(server.received).toHaveLength(1)
    await elapse(5)
    expect(server.received).toHaveLength(2)
    await elapse(3 * 24 * 60 + 6 * 60)
    const tries = server.received.length
    expect(tries).toBeLessThan(60)
    server.answer = (_request, response) => response.writeHead(204).end()
    await elapse(24 * 60)
    expect(new Set(server.received.slice(tries).map(({ notice }) => notice.kind))).not.toContain('quota-soft')
    await tell()
    await elapse(12 * 60)
    expect(server.received.at(-1)!.notice.kind).toMatch(/quota-soft|daily-summary/)
    expect(of('webhook-failing').map(({ state }) => state)).toEqual(['raised', 'recovered'])
  }, 120_000)

  it('that redirects is not followed', async () => {
    const elsewhere = await WebhookServer.start()
    try {
      await add()
      server.answer = (_request, response) => response.writeHead(307, { location: elsewhere.url }).end()
      await tell()
      await watched.pass()
      expect([server.received.length, elsewhere.received.length]).toEqual([1, 0])
      expect(ok(await admin('GET', '/v1/admin/webhooks')).webhooks[0].failing.why).toBe('it answered 307')
    } finally {
      await elsewhere[Symbol.asyncDispose]()
    }
  })

  it('that hangs, or answers without end, holds nothing up for longer than ten seconds', async () => {
    const endless = await WebhookServer.start()
    try {
      await add()
      await add({ url: endless.url })
      server.answer = () => {}
      endless.answer = (_request, response) => {
        response.writeHead(200)
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384))) {}
        }
        response.on('drain', more).on('error', () => {})
        more()
      }
      await tell()
      const started = Date.now()
      await watched.pass()
      expect(Date.now() - started).toBeLessThan(15_000)
      const { webhooks } = ok(await admin('GET', '/v1/admin/webhooks'))
      expect(webhooks.map(({ failing }: { failing: { why: string } | null }) => failing?.why ?? null)).toEqual([
        'it did not answer within 10 seconds',
        null,
      ])
    } finally {
      await endless[Symbol.asyncDispose]()
    }
  }, 40_000)

  it('is tried at once when the provider asks for it', async () => {
    const { id, secret } = await add()
    expect(ok(await admin('POST', `/v1/admin/webhooks/${id}/test`))).toEqual({ delivered: true, why: null })
    expect(server.received[0]!.notice.kind).toBe('test')
    expect(isSigned(server.received[0]!, secret, watched.receiver.clock.now)).toBe(true)
    server.answer = (_request, response) => response.writeHead(410).end()
    const answer = ok(await admin('POST', `/v1/admin/webhooks/${id}/test`))
    expect(answer).toEqual({ delivered: false, why: 'it answered 410' })
  })
})

describe('two passes at once', () => {
  withReceiver()
  it('deliver each notice once', async () => {
    await add()
    for (let i = 0; i < 30; i++) await tell()
    await Promise.all([watched.pass(), watched.pass(), watched.pass()])
    expect(of('quota-soft')).toHaveLength(30)
    expect(new Set(server.ids()).size).toBe(30)
    expect(server.ids()).toHaveLength(30)
  })
})

describe('where a webhook may lead', () => {
  it.each([
    'http://hooks.example.net/',
    'ftp://hooks.example.net/',
    'https://user:secret@hooks.example.net/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://10.1.2.3/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://[64:ff9b::a00:1]/',
    'https://[2002:a00:1::]/',
  ])('is not %s', url => {
    expect(refusedUrl(url, 'public')).toBeDefined()
  })

  it('is any public address', () => {
    for (const url of ['https://hooks.example.net/a', 'https://93.184.216.34/', 'https://[2606:4700::1111]/'])
      expect(refusedUrl(url, 'public')).toBeUndefined()
    for (const address of ['8.8.8.8', '2a00:1450::1']) expect(isAllowed(address, 'public')).toBe(true)
  })

  it('is not a name that leads to a private address when it is called', async () => {
    const outcome = await postWebhook('public')({ url: 'https://localhost:9/', headers: {}, body: '{}' })
    expect(outcome).toMatchObject({ ok: false, why: expect.stringContaining('not a public address') })
  })

  it('is refused by the admin call, with the reason', async () => {
    const strict = await Watched.start('2027-01-10T12:00Z')
    try {
      const answer = await strict.receiver.admin('POST', '/v1/admin/webhooks', { url: 'http://127.0.0.1:9/hook' })
      expect([answer.status, answer.body.detail]).toEqual([400, 'url: it must begin with https://'])
    } finally {
      await strict[Symbol.asyncDispose]()
    }
  })
})

describe('what a mailbox shows of a notice', () => {
  it('is one line of at most 100 printable ASCII characters', () => {
    const notice = {
      kind: 'run-missed',
      state: 'raised',
      severity: 'critical',
      tenant: 'acme',
      subject: { type: 'source', id: 'x', name: 'Bücher\r\nBcc: x 日本 '.repeat(20) },
    } as Notice
    expect(subjectLine(notice)).toMatch(/^[\x20-\x7e]{1,100}$/)
    expect(subjectLine(notice)).toContain('critical: run-missed acme/B?cher')
  })

  it('pauses between attempts from one minute to six hours', () => {
    const pauses = Array.from({ length: 12 }, (_, tries) => backOff(tries) / 60_000)
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360])
  })
})
