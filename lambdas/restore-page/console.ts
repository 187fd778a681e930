import { html } from 'hono/html'
import type { Brand } from './brand.ts'
import { documentHtml } from './document.ts'
import type { PageNames } from './files.ts'

/** Of the console: it speaks with the receiver alone, and has neither workers nor frames. */
export const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The provider's page. The secret of its link is in the fragment; without scripts the command line says the same. */
export function consoleHtml({ console }: PageNames, brand: Brand): string {
  return documentHtml(
    console,
    brand,
    { title: 'Console' },
    html`<h1>Console of ${brand.name}</h1>
<p>This page shows the provider whether every source is backed up. It is opened with the link that <code>failsafe-admin console</code>
prints, and whoever has that link can use it until it expires.</p>
<p>This page needs scripts, and your browser runs none here. The command line says the same:</p>
<dl>
<dt><code>failsafe-admin sources --overdue</code></dt><dd>what is late, missed, failing, or on a host that is silent</dd>
<dt><code>failsafe-admin notices</code></dt><dd>everything that is open, and what was told last</dd>
<dt><code>failsafe-admin tenant list</code></dt><dd>the customers</dd>
<dt><code>failsafe-admin usage</code></dt><dd>what each of them stores and moves</dd>
<dt><code>failsafe-admin links TENANT</code></dt><dd>the restore links of one, and their end</dd>
</dl>
<p>The part of the address after the <code>#</code> stays in your browser; this server does not see it when it shows you this page.</p>`,
  )
}
