import { createHash } from 'node:crypto'

const style = `
  body { font: 1.05rem/1.55 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1.2rem; color: #1b1f24; background: #fff }
  h1 { font-size: 1.6rem } code { font: .95rem ui-monospace, monospace; background: #f0f2f4; padding: .15em .35em; border-radius: .25em }
  pre { background: #f0f2f4; padding: 1rem; border-radius: .4em; overflow-x: auto } pre code { padding: 0 }
  .note { border-left: .25rem solid #8a6d00; padding-left: .9rem }
  @media (prefers-color-scheme: dark) { body { color: #e6e8ea; background: #16191d } code, pre { background: #262b31 } }
`

/** Nothing may run, load or be sent anywhere from this page. */
export const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** How to restore with the one-line command. It works without scripts, so that the page cannot do anything with the link's secret. */
export const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Restore a backup</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Restore a backup</h1>
<p>Whoever has this address can fetch the backup that it names until the address expires. What is fetched is sealed:
only your recovery kit can open it.</p>
<ol>
<li>Get the program <code>failsafe</code> from your backup provider. It is one file; there is nothing to install.</li>
<li>Have your recovery kit at hand.</li>
<li>Copy the <strong>whole</strong> address of this page, with everything after the <code>#</code>, and run, with the address in quotes:
<pre><code>failsafe restore 'ADDRESS OF THIS PAGE' --to ./restored --identity recovery-kit.txt</code></pre></li>
</ol>
<p>That lays out the latest state in the directory <code>restored</code>, checks every byte of it, and writes a
<code>RESTORE.md</code> there that says what to do next. Nothing that is there already is overwritten.</p>
<p>For an earlier moment add, for example, <code>--at 2026-11-22T14:10:00Z</code>. If you were given a passcode, you are asked for it.</p>
<p class="note">Never type your recovery kit into a web page. The part of the address after the <code>#</code> stays in your
browser; this server does not see it when it shows you this page.</p>
</main>
</body>
</html>
`
