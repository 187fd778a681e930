import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundlePage } from '../../infra/bundle-page.ts'
import { consoleHtml } from '../../lambdas/restore-page/console.ts'
import { pageFile, readPageFiles } from '../../lambdas/restore-page/files.ts'
import { pageHtml } from '../../lambdas/restore-page/page.ts'

let directory: string
let page: ReturnType<typeof readPageFiles>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'failsafe-page-'))
  await bundlePage(directory)
  page = readPageFiles(directory)
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const text = (name: string) => Buffer.from(page.files.get(name)!.bytes.identity).toString()

describe('the bundle of the pages', () => {
  it('holds what the page names, and the service worker under its own name', () => {
    const { script, style, worker, console } = page.names
    expect(script).toMatch(/^main-[A-Z0-9]{8}\.js$/)
    expect(style).toMatch(/^main-[A-Z0-9]{8}\.css$/)
    expect(worker).toMatch(/^worker-[A-Z0-9]{8}\.js$/)
    expect(console.script).toMatch(/^console-[A-Z0-9]{8}\.js$/)
    expect(console.style).toMatch(/^console-[A-Z0-9]{8}\.css$/)
    const named = [script, style, worker, console.script, console.style, ...page.names.imports, ...console.imports]
    expect([...page.files.keys()]).toEqual(expect.arrayContaining([...named, 'saving.js']))
  })

  it('names with each page all that its script cannot start without, so that it comes at once', () => {
    for (const { script, imports } of [page.names, page.names.console])
      expect([script, ...imports].sort()).toEqual(importedBy(script).sort())
  })

  it('has nothing of the console in what the restore page loads, and the other way round', () => {
    const loaded = ({ script, style }: { script: string; style: string }) =>
      [style, ...importedBy(script)].map(text).join('')
    const ofConsole = ['/v1/console', 'dialog::backdrop', 'Make an enrol token', 'Enrol-Token']
    const ofRestore = ['/v1/link', '/v1/restore-manifests', 'recovery-kit.txt', 'AGE-SECRET-KEY-1']
    for (const sign of ofConsole) expect(loaded(page.names), sign).not.toContain(sign)
    for (const sign of ofConsole) expect(loaded(page.names.console), sign).toContain(sign)
    for (const sign of ofRestore) expect(loaded(page.names), sign).toContain(sign)
    for (const sign of ofRestore) expect(loaded(page.names.console), sign).not.toContain(sign)
  })

  it('is the same, byte for byte, for the same sources', async () => {
    const again = await mkdtemp(join(tmpdir(), 'failsafe-page-'))
    try {
      await bundlePage(again)
      const names = await readdir(directory)
      expect(await readdir(again)).toEqual(names)
      for (const name of names)
        expect((await readFile(join(again, name))).equals(await readFile(join(directory, name))), name).toBe(true)
    } finally {
      await rm(again, { recursive: true, force: true })
    }
  })

  it('is compressed in both ways that browsers take', () => {
    for (const { bytes } of page.files.values()) {
      expect(brotliDecompressSync(bytes.br).equals(bytes.identity)).toBe(true)
      expect(gunzipSync(bytes.gzip).equals(bytes.identity)).toBe(true)
    }
  })

  it('begins with nothing that the policy of the page forbids, and has no map of its sources', () => {
    const { names } = page
    const begun = [names.style, ...importedBy(names.script), names.console.style, ...importedBy(names.console.script)]
    for (const name of begun)
      expect(text(name), name).not.toMatch(/\beval\(|new Function\(|WebAssembly|@import|url\((?!#)/)
    for (const name of page.files.keys()) expect(text(name), name).not.toContain('sourceMappingURL')
  })

  it('has less than 400 KB to load before a backup can be opened, and of zod English alone', () => {
    const worker = text(page.names.worker)
    expect(worker.length).toBeLessThan(400_000)
    expect(worker).toContain('Invalid input: expected')
    expect(worker).not.toMatch(/Ungültige|Entrée invalide|Entrada inválida/)
  })

  it('has less than 120 KB to load before anything is seen, compressed either way', () => {
    const brand = { name: 'x'.repeat(64), contact: 'x'.repeat(200), logo: undefined, colours: undefined }
    const pages = [
      { html: pageHtml(page.names, brand), names: page.names },
      { html: consoleHtml(page.names, brand), names: page.names.console },
    ]
    for (const { html, names } of pages) {
      const first = [names.style, ...importedBy(names.script)].map(name => page.files.get(name)!)
      for (const encoding of ['br', 'gzip'] as const) {
        const bytes = [pageFile('.html', html), ...first].reduce((sum, file) => sum + file.bytes[encoding].length, 0)
        expect(bytes).toBeGreaterThan(1000)
        expect(bytes, `${names.script} ${encoding}`).toBeLessThan(120_000)
      }
    }
  })
})

/** A module and all that it cannot start without. */
function importedBy(name: string, seen = new Set<string>()): string[] {
  if (seen.has(name)) return []
  seen.add(name)
  const imports = [...text(name).matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, imported]) => imported!)
  for (const imported of imports) importedBy(imported, seen)
  return [...seen]
}
