import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../lambdas/http/environment.ts'
import { serve } from '../../lambdas/http/serve.ts'
import { restoreApi } from '../../lambdas/restore-api/app.ts'
import type { RestoreApiPorts } from '../../lambdas/restore-api/ports.ts'
import { brandOf, textOn } from '../../lambdas/restore-page/brand.ts'
import { pageFile } from '../../lambdas/restore-page/files.ts'
import { requestOf, startReceiver, type TestReceiver } from './support.ts'

let receiver: TestReceiver
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver?.[Symbol.asyncDispose]())

const vault = 'https://vault.s3.eu-central-1.amazonaws.com'

/** restore-api with a page and a brand of its own. */
function apiWith(env: Partial<Environment> = {}) {
  const ports: RestoreApiPorts = {
    ...receiver.ports,
    env: { ...receiver.ports.env, ...env },
    vault: {
      signDownload: () => Promise.reject(new Error('nothing is signed for the page')),
      origin: async () => vault,
    },
    page: {
      names: {
        ...{ script: 'main-A.js', imports: ['chunk-D.js'], style: 'main-B.css', worker: 'worker-C.js' },
        console: { script: 'console-E.js', imports: ['chunk-D.js'], style: 'console-F.css' },
      },
      files: new Map([
        ['main-B.css', pageFile('.css', 'p{}'.repeat(100))],
        ['saving.js', pageFile('.css', 'x')],
      ]),
    },
  }
  return restoreApi(ports)
}
const get = (path: string, env: Partial<Environment> = {}, headers: Record<string, string> = {}) =>
  apiWith(env).request(requestOf('GET', path, undefined, headers))

describe('the page behind a restore link', () => {
  it('may load from the receiver alone, and send to it and the vault alone', async () => {
    const answer = await get('/r')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
        `connect-src 'self' ${vault}; worker-src 'self'; frame-src 'self'; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    const html = await answer.text()
    expect(html).toContain('data-worker="/r/worker-C.js"')
    expect(html).toContain('<script type="module" src="/r/main-A.js"></script>')
    expect(html).toContain('<link rel="modulepreload" href="/r/chunk-D.js">')
    // its policy would not let them run
    expect(html).not.toMatch(/<style|<script(?! type="module" src=)| style=| on\w+=|https?:/)
  })

  it('says without scripts how to restore without it', async () => {
    const html = await (await get('/r')).text()
    const [, shown = ''] = /<noscript>([\s\S]*)<\/noscript>/.exec(html)!
    expect(shown).toContain('failsafe restore')
    expect(shown).toContain('This page is code of Test receiver')
  })

  it("has the provider's name, contact, logo and colours, whatever signs are in them", async () => {
    const env = {
      PROVIDER_NAME: 'Müller & "Söhne" <b>',
      PROVIDER_CONTACT: "'24 h': +49 30 1234",
      PROVIDER_LOGO: 'logo-1.svg',
      BRAND_COLOUR: '#0b5cad',
    }
    const html = await (await get('/r', env)).text()
    expect(html).toContain('data-provider="Müller &amp; &quot;Söhne&quot; &lt;b&gt;"')
    expect(html).toContain('data-contact="&#39;24 h&#39;: +49 30 1234"')
    expect(html).toContain('<img id="logo" src="/r/logo-1.svg" alt="Müller &amp;')
    const [, colours] = /href="(\/r\/brand-\w+\.css)"/.exec(html)!
    const answer = await get(colours!, env)
    expect(answer.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(await answer.text()).toBe(':root{--brand:#0b5cad;--brand-text:#ffffff}')
    const plain = await (await get('/r')).text()
    expect(plain).toContain('data-provider="Test receiver"')
    expect(plain).not.toMatch(/data-contact|<img|brand-/)
  })

  it('has text on the brand colour that meets AA, whatever colour that is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), number => {
        const colour = `#${number.toString(16).padStart(6, '0')}`
        const [brand, text] = [luminanceOf(colour), luminanceOf(textOn(colour))]
        expect((Math.max(brand, text) + 0.05) / (Math.min(brand, text) + 0.05)).toBeGreaterThanOrEqual(4.5)
      }),
    )
    expect(brandOf(receiver.ports.env).colours).toBeUndefined()
  })
})

describe("the provider's page", () => {
  it('may load from and send to the receiver alone, and has no worker and no frame', async () => {
    const answer = await get('/console')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
    })
    const html = await answer.text()
    expect(html).toContain('<script type="module" src="/r/console-E.js"></script>')
    expect(html).toContain('<link rel="stylesheet" href="/r/console-F.css">')
    expect(html).not.toMatch(/<style|<script(?! type="module" src=)| style=| on\w+=|https?:|data-worker/)
  })

  it('says without scripts what says the same', async () => {
    const html = await (await get('/console')).text()
    const [, shown = ''] = /<noscript>([\s\S]*)<\/noscript>/.exec(html)!
    for (const verb of ['console', 'sources --overdue', 'notices', 'tenant list', 'usage', 'links'])
      expect(shown).toContain(`failsafe-admin ${verb}`)
  })
})

describe('the files of the page', () => {
  it('may be kept for ever, but for the service worker, which is asked for each time', async () => {
    const style = await get('/r/main-B.css')
    expect(style.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(style.headers.has('service-worker-allowed')).toBe(false)
    const saving = await get('/r/saving.js')
    expect(saving.headers.get('cache-control')).toBe('no-cache')
    expect(saving.headers.get('service-worker-allowed')).toBe('/r')
    // workers go by the policy that comes with their script
    for (const { headers } of [style, saving])
      expect(headers.get('content-security-policy')).toContain(`connect-src 'self' ${vault}`)
  })

  it.each([
    ['br', 'gzip, deflate, br, zstd', brotliDecompressSync],
    ['gzip', 'gzip;q=0.5', gunzipSync],
    ['gzip', 'br;q=0, GZIP', gunzipSync],
    [null, 'identity', (bytes: Buffer) => bytes],
    [null, 'br;q=0', (bytes: Buffer) => bytes],
    [null, '', (bytes: Buffer) => bytes],
  ])('come as %s to who takes %j', async (encoding, taken, open) => {
    for (const path of ['/r', '/r/main-B.css']) {
      const answer = await get(path, {}, { 'accept-encoding': taken })
      expect(answer.headers.get('content-encoding')).toBe(encoding)
      expect(answer.headers.get('vary')).toBe('accept-encoding')
      const plain = await (await get(path)).text()
      expect(open(Buffer.from(await answer.arrayBuffer())).toString()).toBe(plain)
    }
  })

  it('leave a function in base64 where they are compressed, as API Gateway wants it', async () => {
    const event = {
      version: '2.0',
      rawPath: '/r/main-B.css',
      rawQueryString: '',
      headers: { 'accept-encoding': 'br', host: 'receiver.test' },
      requestContext: { http: { method: 'GET', path: '/r/main-B.css' }, domainName: 'receiver.test' },
      isBase64Encoded: false,
    }
    const answer: any = await serve(apiWith())(event as never)
    expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: true, headers: { 'content-encoding': 'br' } })
    expect(brotliDecompressSync(Buffer.from(answer.body, 'base64')).toString()).toMatch(/^p\{\}/)
  })

  it('that are not there are refused alike', async () => {
    const answers = ['main-0.js', 'names.json', 'main-B.css.br', '..%2findex.mjs', '__proto__'].map(name =>
      get(`/r/${name}`),
    )
    for (const answer of await Promise.all(answers)) {
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ code: 'not-found' })
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })
})

/** WCAG 2, written a second time. */
function luminanceOf(colour: string): number {
  const channels = [...colour.matchAll(/[0-9a-f]{2}/gi)].map(([hex]) => {
    const share = Number(`0x${hex}`) / 255
    return share > 0.04045 ? ((share + 0.055) / 1.055) ** 2.4 : share / 12.92
  })
  return [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * channels[i]!, 0)
}
