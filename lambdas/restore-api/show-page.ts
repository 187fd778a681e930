import { createRoute, z } from '@hono/zod-openapi'
import { html, policy } from '../restore-page/page.ts'
import type { RestoreApp } from './app.ts'

const route = createRoute({
  method: 'get',
  path: '/r',
  summary: 'The page behind a restore link; the same for everybody',
  responses: { 200: { description: 'The page', content: { 'text/html': { schema: z.string() } } } },
})

/** The secret of a link is in the fragment, which no browser sends: this function never sees it. */
export function showPage(app: RestoreApp): void {
  app.openapi(route, c =>
    c.html(html, 200, {
      'content-security-policy': policy,
      'cache-control': 'public, max-age=300',
      'referrer-policy': 'no-referrer',
    }),
  )
}
