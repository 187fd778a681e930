import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { z } from 'zod'

export const encodings = ['br', 'gzip'] as const
export type Encoding = (typeof encodings)[number]

/** A file of the page, as it is answered. */
export interface PageFile {
  /** Of the content. */
  type: string
  /** As they are, and compressed as the browser takes it. */
  bytes: Record<'identity' | Encoding, Uint8Array<ArrayBuffer>>
}

/** What the bundled files are called that a page names: its module, what that imports at once, and its style. */
const EntryNames = z.object({ script: z.string(), imports: z.array(z.string()), style: z.string() })
export type EntryNames = z.infer<typeof EntryNames>

/** Of the restore page, with the script of its worker, and of the console. */
export const PageNames = EntryNames.extend({ worker: z.string(), console: EntryNames })
export type PageNames = z.infer<typeof PageNames>

/** The pages as they were bundled. Every file but `saving.js` has a name that changes with its bytes. */
export interface PageFiles {
  names: PageNames
  files: ReadonlyMap<string, PageFile>
}

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/**
 * Reads what was bundled, once for the life of a function.
 * @param directory `page/` beside the bundle
 */
export function readPageFiles(directory: string): PageFiles {
  const read = (name: string) => new Uint8Array(readFileSync(join(directory, name)))
  const files = new Map<string, PageFile>()
  for (const name of readdirSync(directory)) {
    const type = types[extname(name)]
    if (type === undefined) continue
    files.set(name, { type, bytes: { identity: read(name), br: read(`${name}.br`), gzip: read(`${name}.gz`) } })
  }
  return { names: PageNames.parse(JSON.parse(readFileSync(join(directory, 'names.json'), 'utf8'))), files }
}

/** What a function writes itself: small, and made once. */
export function pageFile(type: '.css' | '.html', text: string): PageFile {
  const identity = new TextEncoder().encode(text)
  return {
    type: type === '.html' ? 'text/html; charset=utf-8' : types[type]!,
    bytes: {
      identity,
      br: new Uint8Array(brotliCompressSync(identity)),
      gzip: new Uint8Array(gzipSync(identity)),
    },
  }
}
