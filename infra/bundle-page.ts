import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type BuildOptions, type BuildResult, build } from 'esbuild'
import { writePageFile } from './page-file.ts'
import { withoutLocales } from './without-locales.ts'

const root = join(import.meta.dirname, '..')
const app = 'lambdas/restore-page/app'

const common = {
  absWorkingDir: root,
  outdir: '/page',
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  define: { 'process.env.NODE_ENV': '"production"' },
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  plugins: [withoutLocales],
  write: false,
  metafile: true,
} satisfies BuildOptions

type Built = BuildResult<{ write: false; metafile: true }>

/**
 * Bundles the restore page into `directory`: the page itself as a module that loads more of itself when it is needed, the worker that opens
 * backups, the service worker that saves them, and `names.json`, which says what the first two are called. Equal sources give equal bytes, and
 * other bytes another name, but for `saving.js`: a service worker is known by its address.
 */
export async function bundlePage(directory: string): Promise<void> {
  const [main, worker, saving]: Built[] = await Promise.all([
    build({ ...common, entryPoints: [`${app}/main.tsx`], format: 'esm', splitting: true }),
    build({ ...common, entryPoints: [`${app}/opening/worker.ts`], format: 'iife' }),
    build({
      ...common,
      entryPoints: { saving: `${app}/saving/service-worker.ts` },
      entryNames: '[name]',
      format: 'iife',
    }),
  ])
  for (const { outputFiles } of [main!, worker!, saving!])
    for (const { path, contents } of outputFiles) writePageFile(directory, basename(path), contents)
  const script = entryOf(main!)
  const names = {
    script: basename(script.name),
    style: basename(script.output.cssBundle!),
    worker: basename(entryOf(worker!).name),
  }
  writeFileSync(join(directory, 'names.json'), JSON.stringify(names))
}

function entryOf({ metafile }: Built) {
  const [entry] = Object.entries(metafile.outputs).filter(
    ([name, { entryPoint }]) => entryPoint && name.endsWith('.js'),
  )
  const [name, output] = entry!
  return { name, output }
}
