import { html } from 'hono/html'
import type { Brand } from './brand.ts'
import { documentHtml } from './document.ts'
import type { PageNames } from './files.ts'

/**
 * Of the page and of everything under it: a worker goes by the policy of its own script. Nothing is loaded from elsewhere, and nothing sent but
 * to the receiver and, for packs, the vault.
 * @param vault `https://host` of the vault
 */
export function policyOf(vault: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${vault}`,
    "worker-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The page behind a restore link; without scripts the command is what is left. */
export function pageHtml({ worker, ...entry }: PageNames, brand: Brand): string {
  const { name, contact } = brand
  const attributes = html` data-worker="/r/${worker}"`
  return documentHtml(
    entry,
    brand,
    { title: 'Restore a backup', attributes },
    html`<h1>Restore a backup</h1>
<p>Whoever has this address can fetch the backup that it names until the address expires. What is fetched is sealed:
only your recovery kit can open it.</p>
<p>This page needs scripts, and your browser runs none here. You can restore without the page:</p>
<ol>
<li>Get the program <code>failsafe</code> from ${name}. It is one file; there is nothing to install.</li>
<li>Have your recovery kit at hand.</li>
<li>Copy the <strong>whole</strong> address of this page, with everything after the <code>#</code>, and run, with the address in quotes:
<pre><code>failsafe restore 'ADDRESS OF THIS PAGE' --to ./restored --identity recovery-kit.txt</code></pre></li>
</ol>
<p>That lays out the latest state in the directory <code>restored</code>, checks every byte of it, and writes a
<code>RESTORE.md</code> there that says what to do next. Nothing that is there already is overwritten.</p>
<p>For an earlier moment add, for example, <code>--at 2026-11-22T14:10:00Z</code>. If you were given a passcode, you are asked for it.</p>
<p>This page is code of ${name}, and a page can be made to keep the recovery kit that it is given. Who does not want to rely on that
restores with the program: there the kit is read on your own machine alone. The part of the address after the <code>#</code> stays in your
browser; this server does not see it when it shows you this page.</p>
${contact === undefined ? '' : html`<p>Help: ${contact}</p>`}`,
  )
}
