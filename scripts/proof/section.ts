import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const head = `# Proof

Raw results, as the commands below printed them, losses too. Each section is replaced by the command that names it.
`

/** Puts `body` (Markdown) under the heading `## title` of a document, in place of what stood there; other sections stay as they are. */
export function replaceSection(document: string, title: string, body: string): string {
  const sections = document.split(/^(?=## )/m)
  const section = `## ${title}\n\n${body.trim()}\n`
  const at = sections.findIndex(text => text.startsWith(`## ${title}\n`))
  if (at === -1) return `${document.trimEnd()}\n\n${section}`
  const last = at === sections.length - 1
  return sections.with(at, last ? section : `${section}\n`).join('')
}

/** Writes one section of `docs/proof.md`. */
export async function record(file: string, title: string, body: string): Promise<void> {
  const document = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return head
    throw error
  })
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, replaceSection(document, title, body))
}
