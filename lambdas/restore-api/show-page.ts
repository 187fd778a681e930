import { html, policy } from '../restore-page/page.ts'
import type { RestoreApp } from './app.ts'

/** The page behind a restore link. The secret is in the fragment, which no browser sends: this function never sees it. */
export function showPage(app: RestoreApp): void {
  app.get('/r', c =>
    c.html(html, 200, {
      'content-security-policy': policy,
      'cache-control': 'public, max-age=300',
      'referrer-policy': 'no-referrer',
    }),
  )
}
