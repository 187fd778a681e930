import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { ProblemError } from '../../shared/problem.ts'
import { brandOf } from '../restore-page/brand.ts'
import { consoleHtml, consolePolicy } from '../restore-page/console.ts'
import { type Encoding, encodings, type PageFile, pageFile } from '../restore-page/files.ts'
import { pageHtml, policyOf } from '../restore-page/page.ts'
import type { RestoreApp } from './app.ts'
import type { RestoreApiPorts } from './ports.ts'

const pageRoute = createRoute({
  method: 'get',
  path: '/r',
  summary: 'The page behind a restore link; the same for everybody',
  responses: { 200: { description: 'The page', content: { 'text/html': { schema: z.string() } } } },
})

const consoleRoute = createRoute({
  method: 'get',
  path: '/console',
  operationId: 'getConsolePage',
  summary: "The provider's page; the same for everybody",
  responses: { 200: { description: 'The page', content: { 'text/html': { schema: z.string() } } } },
})

const fileRoute = createRoute({
  method: 'get',
  path: '/r/{file}',
  summary: 'A script, style or picture of these pages',
  request: { params: z.object({ file: z.string() }) },
  responses: { 200: { description: 'The file' } },
})

const saving = 'saving.js'
const forEver = 'public, max-age=31536000, immutable'

/** The secret of a link, of either kind, is in the fragment, which no browser sends: this function never sees it. */
export function showPage(app: RestoreApp, ports: RestoreApiPorts): void {
  let page: Awaited<ReturnType<typeof makePage>> | undefined

  app.openapi(pageRoute, async c => {
    const { html, policy } = await openPage()
    return answer(c, html, { 'cache-control': 'no-cache', 'content-security-policy': policy })
  })

  app.openapi(consoleRoute, async c => {
    const { console } = await openPage()
    return answer(c, console, { 'cache-control': 'no-cache', 'content-security-policy': consolePolicy })
  })

  app.openapi(fileRoute, async c => {
    const { file: name } = c.req.valid('param')
    const { files, policy } = await openPage()
    const file = files.get(name)
    if (!file) throw new ProblemError('not-found')
    return answer(c, file, {
      'content-security-policy': policy,
      // it may look after the page's own address as well, which lies beside its folder
      ...(name === saving
        ? { 'cache-control': 'no-cache', 'service-worker-allowed': '/r' }
        : { 'cache-control': forEver }),
    })
  })

  /** Made by the first request, kept for the others. */
  async function openPage() {
    page ??= await makePage(ports)
    return page
  }
}

async function makePage({ page, env, vault }: RestoreApiPorts) {
  const brand = brandOf(env)
  const files = new Map(page.files)
  if (brand.colours) files.set(brand.colours.name, brand.colours.file)
  return {
    html: pageFile('.html', pageHtml(page.names, brand)),
    console: pageFile('.html', consoleHtml(page.names, brand)),
    files,
    policy: policyOf(await vault.origin()),
  }
}

function answer(c: Context, { type, bytes }: PageFile, headers: Record<string, string>) {
  const encoding = encodingFor(c)
  return c.body(bytes[encoding], 200, {
    ...headers,
    'content-type': type,
    ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
    vary: 'accept-encoding',
    'referrer-policy': 'no-referrer',
  })
}

/** The smallest that the browser takes. */
function encodingFor(c: Context): Encoding | 'identity' {
  return accepts(c, {
    header: 'Accept-Encoding',
    supports: [...encodings],
    default: 'identity',
    match: (taken, { supports, default: none }) =>
      supports.find(encoding => taken.some(({ type, q }) => type.toLowerCase() === encoding && q > 0)) ?? none,
  }) as Encoding | 'identity'
}
