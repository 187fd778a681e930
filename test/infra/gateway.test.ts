import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HostedFunction } from '../../infra/local/functions/function.ts'
import { type Gateway, listen } from '../../infra/local/gateway/gateway.ts'
import { compileRoutes } from '../../infra/local/gateway/match.ts'

describe('route matching', () => {
  const keys = [
    '$default',
    'ANY /v1/{proxy+}',
    'GET /v1/sources',
    'GET /v1/sources/{source}/heads',
    'GET /v1/sources/special/heads',
    'ANY /v1/sources/{source}/heads',
    'PUT /v1/sources/{name}',
  ]
  const match = compileRoutes(keys.map(key => ({ key, target: key })))
  test.each([
    ['GET', '/v1/sources', 'GET /v1/sources', {}],
    ['PUT', '/v1/sources/My%20shop', 'PUT /v1/sources/{name}', { name: 'My shop' }],
    ['GET', '/v1/sources/01/heads', 'GET /v1/sources/{source}/heads', { source: '01' }],
    ['GET', '/v1/sources/special/heads', 'GET /v1/sources/special/heads', {}],
    ['POST', '/v1/sources/01/heads', 'ANY /v1/sources/{source}/heads', { source: '01' }],
    ['POST', '/v1/sources', 'ANY /v1/{proxy+}', { proxy: 'sources' }],
    ['GET', '/v1/a/b%2Fc', 'ANY /v1/{proxy+}', { proxy: 'a/b/c' }],
    ['GET', '/v1/sources/', 'ANY /v1/{proxy+}', { proxy: 'sources/' }],
    ['GET', '/v2', '$default', {}],
    ['GET', '/', '$default', {}],
  ])('%s %s goes to %s', (method, path, key, pathParameters) => {
    expect(match(method, path)).toEqual({ key, target: key, pathParameters })
  })

  test('without $default what no route names has no match', () => {
    expect(compileRoutes([{ key: 'GET /a', target: 1 }])('GET', '/b')).toBeUndefined()
  })
})

/** A function that does what the request asks for. */
const source = `
let count = 0
export const handler = async (event, context) => {
  count++
  const wish = JSON.parse(event.headers['x-wish'] ?? '{}')
  if (wish.crash) setTimeout(() => { throw new Error('crashed on purpose') })
  if (wish.exit) process.exit(3)
  if (wish.throws) throw new TypeError('thrown on purpose')
  if (wish.loop) for (;;);
  if (wish.wait !== undefined) await new Promise(resolve => setTimeout(resolve, wish.wait))
  if (wish.answer !== undefined) return wish.answer
  if (wish.bytes) return { statusCode: 200, body: 'x'.repeat(wish.bytes) }
  console.log('invoked', event.routeKey)
  return {
    statusCode: 201,
    headers: { 'content-type': 'application/json', 'X-Count': count },
    cookies: ['a=1', 'b=2'],
    body: JSON.stringify({ event, context: { ...context, left: context.getRemainingTimeInMillis() }, env: process.env, now: Date.now() }),
  }
}
`

describe('gateway and functions', () => {
  let directory: string
  let gateway: Gateway
  let hosted: HostedFunction
  let clock: Date | undefined
  const log: string[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'failsafe-gateway-'))
    await writeFile(join(directory, 'index.mjs'), source)
    gateway = await listen(0)
  })
  afterAll(async () => {
    await hosted.close()
    await gateway.close()
    await rm(directory, { recursive: true, force: true })
  })
  afterEach(() => {
    clock = undefined
  })

  test('answers 503 until the stack is there', async () => {
    expect((await fetch(`${gateway.url}/v1/things`)).status).toBe(503)
    hosted = new HostedFunction({
      module: join(directory, 'index.mjs'),
      handler: 'handler',
      name: 'echo',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:echo',
      memory: 128,
      timeout: 2,
      environment: { ONLY: 'this' },
      logFile: join(directory, 'echo.log'),
      mayLog: () => true,
      now: () => clock ?? new Date(),
    })
    const invoke = (event: unknown) => hosted.invoke(event)
    gateway.serve({
      account: '000000000000',
      region: 'us-east-1',
      partition: 'aws',
      apiId: 'api',
      access: { credential: () => undefined, authorize: () => ({ allowed: true }) },
      now: () => new Date(),
      routes: [
        { key: 'ANY /v1/things/{thing}', target: { signed: false, timeout: 5000, invoke } },
        { key: 'GET /v1/hurry', target: { signed: false, timeout: 100, invoke } },
        { key: 'GET /v1/signed', target: { signed: true, timeout: 5000, invoke } },
      ],
      log: line => log.push(line),
    })
  })

  const call = async (path: string, init: RequestInit & { wish?: unknown } = {}) => {
    const headers = { ...(init.headers as Record<string, string>), 'x-wish': JSON.stringify(init.wish ?? {}) }
    const response = await fetch(`${gateway.url}${path}`, { ...init, headers })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
  }

  test('hands over the request in payload format 2.0', async () => {
    const response = await call('/v1/things/a%20%C3%A4?x=1&x=2&y=%20', {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', cookie: 'c=1; d=2', 'X-Mixed': 'Case' },
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('x-count')).toBe('1')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    const { event, context, env } = response.json()
    const host = `127.0.0.1:${gateway.port}`
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'ANY /v1/things/{thing}',
      rawPath: '/v1/things/a ä',
      rawQueryString: 'x=1&x=2&y=%20',
      queryStringParameters: { x: '1,2', y: ' ' },
      pathParameters: { thing: 'a ä' },
      cookies: ['c=1', 'd=2'],
      headers: { host, 'x-mixed': 'Case', 'x-forwarded-proto': 'http', 'x-forwarded-port': String(gateway.port) },
      requestContext: {
        domainName: host,
        stage: '$default',
        http: { method: 'POST', path: '/v1/things/a ä', sourceIp: '127.0.0.1', protocol: 'HTTP/1.1' },
      },
      body: '{"a":1}',
      isBase64Encoded: false,
    })
    expect(event.headers).not.toHaveProperty('cookie')
    expect(event.requestContext).not.toHaveProperty('authorizer')
    expect(context).toMatchObject({ functionName: 'echo', memoryLimitInMB: '128' })
    expect(context.left).toBeGreaterThan(1000)
    expect(context.left).toBeLessThanOrEqual(2000)
    expect(env, 'the function sees nothing of the host').toEqual({ ONLY: 'this' })
  })

  test('hands over a body that is not text in base64, and none at all as nothing', async () => {
    const bytes = Buffer.from([0, 255, 1, 254])
    const binary = await call('/v1/things/a', { method: 'PUT', body: bytes, headers: { 'content-type': 'image/png' } })
    expect(binary.json().event).toMatchObject({ body: bytes.toString('base64'), isBase64Encoded: true })
    const none = (await call('/v1/things/a')).json().event
    expect(none.isBase64Encoded).toBe(false)
    expect(none).not.toHaveProperty('body')
  })

  test('decodes a body that the function answers in base64', async () => {
    const answer = { statusCode: 200, body: Buffer.from('äö').toString('base64'), isBase64Encoded: true }
    expect((await call('/v1/things/a', { wish: { answer } })).text).toBe('äö')
  })

  test('answers 404 where there is no route and 400 where the path cannot be decoded', async () => {
    expect(await call('/v1/other')).toMatchObject({ status: 404, text: '{"message":"Not Found"}' })
    expect((await call('/v1/things/%E0%A4')).status).toBe(400)
  })

  test('refuses an unsigned request on a signed route without asking the function', async () => {
    expect(await call('/v1/signed')).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' })
  })

  test.each([
    ['throws', { throws: true }],
    ['answers without a status', { answer: { body: 'x' } }],
    ['answers more than 6 MB', { bytes: 6 * 1024 * 1024 + 1 }],
  ])('answers 502 without a reason when the function %s', async (_, wish) => {
    expect(await call('/v1/things/a', { wish })).toMatchObject({
      status: 502,
      text: '{"message":"Internal Server Error"}',
    })
    expect(log.at(-1)).toMatch(/thrown on purpose|statusCode|bytes/)
  })

  test.each([['crash'], ['exit']])('after a %s the callers get 502 and the next one a new thread', async how => {
    expect((await call('/v1/things/a', { wish: { [how]: true, wait: 1000 } })).status).toBe(502)
    expect((await call('/v1/things/a')).headers.get('x-count')).toBe('1')
  })

  test('a function that never answers is cut off, even in a loop, and the next one gets a new thread', async () => {
    const started = performance.now()
    expect((await call('/v1/things/a', { wish: { loop: true } })).status).toBe(503)
    expect(performance.now() - started).toBeLessThan(4000)
    expect((await call('/v1/things/a')).headers.get('x-count')).toBe('1')
  })

  test('an invocation beside one that times out is finished', async () => {
    const late = call('/v1/things/a', { wish: { wait: 2500 } })
    await new Promise(resolve => setTimeout(resolve, 1000))
    const beside = call('/v1/things/a', { wish: { wait: 1500, answer: { statusCode: 204 } } })
    expect((await late).status).toBe(503)
    expect((await beside).status).toBe(204)
  })

  test("answers 503 when the integration's own time is up first", async () => {
    expect((await call('/v1/hurry', { wish: { wait: 500 } })).status).toBe(503)
  })

  test('runs invocations side by side', async () => {
    const started = performance.now()
    const wish = { wait: 500, answer: { statusCode: 200 } }
    await Promise.all(Array.from({ length: 5 }, () => call('/v1/things/a', { wish })))
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('refuses a body over 10 MB and still answers', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024 + 1)
    expect((await call('/v1/things/a', { method: 'POST', body })).status).toBe(413)
  })

  test('survives a request that breaks off', async () => {
    await new Promise<void>(resolve => {
      const broken = httpRequest(`${gateway.url}/v1/things/a`, { method: 'POST', headers: { 'content-length': '100' } })
      broken.on('error', () => resolve())
      broken.write('x', () => broken.destroy(new Error('on purpose')))
    })
    expect((await call('/v1/things/a')).status).toBe(201)
  })

  test('the clock of the cloud is the clock of its functions', async () => {
    clock = new Date('2031-05-06T07:08:09Z')
    expect(Math.abs((await call('/v1/things/a')).json().now - clock.getTime())).toBeLessThan(5000)
    clock = undefined
    expect(Math.abs((await call('/v1/things/a')).json().now - Date.now())).toBeLessThan(5000)
  })

  test('keeps what the function prints', async () => {
    await call('/v1/things/a')
    await expect
      .poll(() => readFile(join(directory, 'echo.log'), 'utf8'), { timeout: 5000 })
      .toMatch(/invoked ANY \/v1\/things[\s\S]*crashed on purpose/)
  })
})
