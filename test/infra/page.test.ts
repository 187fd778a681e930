import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundlePage } from '../../infra/bundle-page.ts'
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

describe('the bundle of the restore page', () => {
  it('holds what the page names, and the service worker under its own name', () => {
    const { script, style, worker } = page.names
    expect(script).toMatch(/^main-[A-Z0-9]{8}\.js$/)
    expect(style).toMatch(/^main-[A-Z0-9]{8}\.css$/)
    expect(worker).toMatch(/^worker-[A-Z0-9]{8}\.js$/)
    expect([...page.files.keys()]).toEqual(expect.arrayContaining([script, style, worker, 'saving.js']))
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
    for (const name of [page.names.style, ...importedBy(page.names.script)])
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
    const first = [
      pageFile('.html', pageHtml(page.names, brand)),
      page.files.get(page.names.style)!,
      ...importedBy(page.names.script).map(name => page.files.get(name)!),
    ]
    for (const encoding of ['br', 'gzip'] as const) {
      const bytes = first.reduce((sum, file) => sum + file.bytes[encoding].length, 0)
      expect(bytes).toBeGreaterThan(1000)
      expect(bytes, encoding).toBeLessThan(120_000)
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
