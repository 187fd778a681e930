import { html } from 'hono/html'
import type { Brand } from './brand.ts'
import type { EntryNames } from './files.ts'

/** What `html` makes. */
type Html = ReturnType<typeof html>

/**
 * A page, the same for everybody: its script takes the place of `#app`.
 * @param attributes of the document, besides whose it is, for the script
 * @param without what is left without scripts
 */
export function documentHtml(
  { script, imports, style }: EntryNames,
  { name, contact, logo, colours }: Brand,
  { title, attributes = '' }: { title: string; attributes?: Html | '' },
  without: Html,
): string {
  const contactAttribute = contact === undefined ? '' : html` data-contact="${contact}"`
  const page = html`<!doctype html>
<html lang="en" data-provider="${name}"${contactAttribute}${attributes}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
${colours === undefined ? '' : html`<link rel="stylesheet" href="/r/${colours.name}">`}
<link rel="stylesheet" href="/r/${style}">
${imports.map(imported => html`<link rel="modulepreload" href="/r/${imported}">`)}
<script type="module" src="/r/${script}"></script>
</head>
<body>
${logo === undefined ? '' : html`<img id="logo" src="/r/${logo}" alt="${name}">`}
<div id="app"></div>
<noscript>
<main>
${without}
</main>
</noscript>
</body>
</html>
`
  return String(page)
}
