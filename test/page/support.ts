import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { formatKit } from '../../shared/kit.ts'
import { ProblemError } from '../../shared/problem.ts'
import { type Fault, type Keys, type Made, now, startVault } from '../restore/support.ts'
import type { driver } from './driver.ts'

export const secret = 'the-secret-of-the-link'
const app = 'lambdas/restore-page/app'

export async function bundle(): Promise<Map<string, string>> {
  const options = {
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    minify: true,
  } as const
  const page = build({ ...options, entryPoints: ['test/page/driver.ts'] })
  const worker = build({ ...options, entryPoints: [`${app}/opening/worker.ts`] })
  const saving = build({ ...options, entryPoints: [`${app}/saving/service-worker.ts`] })
  const [a, b, c] = await Promise.all([page, worker, saving])
  return new Map([
    ['/r/page.js', a.outputFiles[0]!.text],
    ['/r/worker.js', b.outputFiles[0]!.text],
    ['/r/saving.js', c.outputFiles[0]!.text],
  ])
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

/** A receiver with its page, and a vault at another origin. */
export async function startReceiver(scripts: Map<string, string>, made: Made[], fault: Fault = () => undefined) {
  const requests: { url: string; headers: http.IncomingHttpHeaders }[] = []
  const vault = await startVault(made, {
    fault(about) {
      const { response } = about
      requests.push({ url: response.req.url!, headers: response.req.headers })
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-allow-headers', 'range')
      response.setHeader('access-control-expose-headers', 'content-range')
      if (response.req.method !== 'OPTIONS') return fault(about)
      response.writeHead(204).end()
      return true
    },
  })
  const { origin: vaultOrigin } = new URL(
    (await vault.receiver.packUrls('rm1', { packs: [{ snapshot: made[0]!.manifest.snapshot, pack: 1 }] })).urls[0]!.url,
  )
  const policy = `default-src 'none'; script-src 'self'; connect-src 'self' ${vaultOrigin}; worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  const server = http.createServer(async (request, response) => {
    requests.push({ url: request.url!, headers: request.headers })
    response.setHeader('content-security-policy', policy)
    response.setHeader('referrer-policy', 'no-referrer')
    const script = scripts.get(request.url!)
    if (script !== undefined) return void response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    if (request.url === '/r') {
      const html = '<!doctype html><script type="module" src="/r/page.js"></script><title>Restore</title>'
      return void response.writeHead(200, { 'content-type': 'text/html' }).end(html)
    }
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.headers.authorization !== `Bearer ${secret}`)
      return void json(403, new ProblemError('link-invalid').toDocument())
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks).toString())
    if (request.url === '/v1/restore-manifests')
      json(200, { ...(await vault.receiver.restoreManifest(body)), expiresAt: inAnHour() })
    else if (request.url === '/v1/restore-manifests/rm1/urls') json(200, await vault.receiver.packUrls('rm1', body))
    else json(404, new ProblemError('not-found').toDocument())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    requests,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await vault.close()
    },
  }
}

/** The page behind the link, in a browser that writes files by downloads alone. */
export async function openPage(browser: Browser, origin: string): Promise<Page> {
  const page = await browser.newPage()
  await page.addInitScript('delete globalThis.showSaveFilePicker; delete globalThis.showDirectoryPicker')
  await page.goto(`${origin}/r#${secret}`)
  await page.waitForFunction('"driver" in globalThis')
  return page
}

export const kitOf = ({ identity, recipient, customerKey }: Keys) =>
  formatKit({
    created: now.toISOString(),
    receiver: 'https://receiver.example.net',
    tenant: 'acme',
    identity,
    recipient,
    customerKey,
  })

type Driver = typeof driver

/** Has the page do something, and waits for it. */
export function tell<Name extends keyof Driver>(
  page: Page,
  name: Name,
  ...args: Parameters<Driver[Name]>
): Promise<Awaited<ReturnType<Driver[Name]>>> {
  return page.evaluate(([name, args]) => (globalThis as any).driver[name](...args), [name, args] as const)
}
